"""Wrong derivations of the hyperbolic tangent."""

import numpy as np

from cnn_oracle.manual._typing import Array


def by_the_sigmoid(x: Array) -> Array:
    """y is 2/(1 + exp(−2x)) − 1, which loses its digits near 0"""
    y: Array = 2 / (1 + np.exp(-2 * x)) - 1
    return y


def by_exponentials(x: Array) -> Array:
    """y is (exp(x) − exp(−x))/(exp(x) + exp(−x)): it loses its digits near 0, and is NaN where exp overflows"""
    up, down = np.exp(x), np.exp(-x)
    y: Array = (up - down) / (up + down)
    return y


def x_taken_for_y(dy: Array, x: Array) -> tuple[Array]:
    """the derivative is 1 − x², of the input; 1 − y², of the output, is right"""
    return (dy * (1 - x * x),)


def not_squared(dy: Array, x: Array) -> tuple[Array]:
    """the derivative is 1 − y; 1 − y² is right"""
    return (dy * (1 - np.tanh(x)),)
