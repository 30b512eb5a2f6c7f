"""Wrong derivations of hardswish."""

import numpy as np

from cnn_oracle.manual._typing import Array


def product_rule_lost(dy: Array, x: Array) -> tuple[Array]:
    """only the factor x is differentiated: dx is dy hardsigmoid(x)"""
    return (dy * np.clip(x + 3, 0, 6) / 6,)


def parabola_at_the_kinks(dy: Array, x: Array) -> tuple[Array]:
    """the derivatives at −3 and 3 are the parabola's, −1/2 and 3/2; PyTorch's convention is 0 and 1"""
    return (dy * np.where(x < -3, dy.dtype.type(0), np.where(x > 3, dy.dtype.type(1), x / 3 + 0.5)),)
