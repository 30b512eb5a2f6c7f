"""Wrong derivations of the logistic function."""

from cnn_oracle.manual._typing import Array


def x_taken_for_y(dy: Array, x: Array) -> tuple[Array]:
    """y (1 − y) is taken of the input, where it is of the output"""
    return (dy * x * (1 - x),)
