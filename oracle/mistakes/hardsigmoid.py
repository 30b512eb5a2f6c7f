"""Wrong derivations of hardsigmoid."""

import numpy as np

from manual._typing import Array


def sloping_at_the_kinks(dy: Array, x: Array) -> tuple[Array]:
    """the derivative at ±3 is 1/6; PyTorch's convention is 0"""
    return (np.where(abs(x) <= 3, dy / 6, dy.dtype.type(0)),)
