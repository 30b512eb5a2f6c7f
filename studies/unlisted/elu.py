"""Unlisted wrong derivations of the exponential linear unit."""

import numpy as np

from cnn_oracle.manual import elu
from cnn_oracle.manual._typing import Array


def alpha_in_the_exponent(x: Array, *, alpha: float = 1.0) -> Array:
    """y is exp(α x) − 1 below zero; α (exp x − 1) is right"""
    return np.where(x > 0, x, np.expm1(alpha * x))


def pieces_added(x: Array, *, alpha: float = 1.0) -> Array:
    """both pieces are multiplied by their masks and added, so 0 · ∞ makes y NaN where exp x overflows"""
    y: Array = (x > 0) * x + (x <= 0) * (alpha * np.expm1(x))
    return y


def y_for_the_derivative(dy: Array, x: Array, *, alpha: float = 1.0) -> tuple[Array]:
    """dx is dy y below zero; dy (y + α) is right"""
    return (np.where(x > 0, dy, dy * elu.forward(x, alpha=alpha)),)
