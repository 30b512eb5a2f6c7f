"""Unlisted wrong derivations of softsign."""

import numpy as np

from cnn_oracle.manual._typing import Array


def absolute_value_left_out(x: Array) -> Array:
    """y is x/(1 + x); x/(1 + abs(x)) is right"""
    y: Array = x / (1 + x)
    return y


def sign_in_dx(dy: Array, x: Array) -> tuple[Array]:
    """dx has an extra factor sign(x), that of the absolute value's derivative"""
    return (dy * np.sign(x) / (1 + np.abs(x)) ** 2,)
