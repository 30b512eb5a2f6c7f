"""Unlisted wrong derivations of the sigmoid linear unit."""

from cnn_oracle.manual import sigmoid
from cnn_oracle.manual._typing import Array


def y_for_the_sigmoid(dy: Array, x: Array) -> tuple[Array]:
    """dx is dy (s + y (1 − y)); dy (s + y (1 − s)) is right"""
    s = sigmoid.forward(x)
    return (dy * (s + x * s * (1 - x * s)),)


def two_in_the_exponent(x: Array) -> Array:
    """y is x sigmoid(2 x), as if a half-angle formula were applied to tanh's"""
    return x * sigmoid.forward(2 * x)
