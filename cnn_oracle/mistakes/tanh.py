"""Wrong derivations of the hyperbolic tangent."""

import numpy as np

from cnn_oracle.manual._typing import Array


def x_taken_for_y(dy: Array, x: Array) -> tuple[Array]:
    """the derivative is 1 − x², of the input; 1 − y², of the output, is right"""
    return (dy * (1 - x * x),)


def not_squared(dy: Array, x: Array) -> tuple[Array]:
    """the derivative is 1 − y; 1 − y² is right"""
    return (dy * (1 - np.tanh(x)),)
