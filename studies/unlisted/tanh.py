"""Unlisted wrong derivations of the hyperbolic tangent."""

from cnn_oracle.manual._typing import Array


def rational_approximation(x: Array) -> Array:
    """y is x (27 + x²)/(27 + 9 x²), which is near tanh only around 0"""
    y: Array = x * (27 + x * x) / (27 + 9 * x * x)
    return y


def dy_for_y(dy: Array, x: Array) -> tuple[Array]:
    """dx is dy (1 − dy²): the cotangent takes the place of the output"""
    return (dy * (1 - dy * dy),)
