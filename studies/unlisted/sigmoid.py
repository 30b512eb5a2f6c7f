"""Unlisted wrong derivations of the logistic function."""

import numpy as np

from cnn_oracle.manual import sigmoid
from cnn_oracle.manual._typing import Array


def tanh_of_the_whole(x: Array) -> Array:
    """y is (1 + tanh x)/2; tanh must be that of x/2"""
    y: Array = 0.5 * (1 + np.tanh(x))
    return y


def exponential_quotient(x: Array) -> Array:
    """y is eˣ/(1 + eˣ), which is ∞/∞ where x is large"""
    y: Array = np.exp(x) / (1 + np.exp(x))
    return y


def clipped_at_ten(x: Array) -> Array:
    """x is clipped to ±10 before the exponential"""
    return sigmoid.forward(np.clip(x, -10, 10))


def dy_ignored(dy: Array, x: Array) -> tuple[Array]:
    """dx is y (1 − y): the factor dy is missing"""
    y = sigmoid.forward(x)
    return (y * (1 - y) + 0 * dy,)
