"""Wrong derivations of the hyperbolic tangent."""

import numpy as np

from cnn_oracle.manual._typing import Array


def x_taken_for_y(dy: Array, x: Array) -> tuple[Array]:
    """1 − y² is taken of the input, where it is of the output"""
    return (dy * (1 - x * x),)


def not_squared(dy: Array, x: Array) -> tuple[Array]:
    """the derivative is 1 − y, without the square"""
    return (dy * (1 - np.tanh(x)),)
