"""Wrong derivations of the logistic function."""

from cnn_oracle.manual._typing import Array


def x_taken_for_y(dy: Array, x: Array) -> tuple[Array]:
    """the derivative is x (1 − x), of the input; y (1 − y), of the output, is right"""
    return (dy * x * (1 - x),)
