"""Wrong derivations of the exponential linear unit."""

import numpy as np

from cnn_oracle.manual import elu
from cnn_oracle.manual._typing import Array


def alpha_left_out(dy: Array, x: Array, *, alpha: float = 1.0) -> tuple[Array]:
    """below zero dx is dy exp(x): the factor α is missing"""
    return elu.backward(dy, x)


def y_plus_one(dy: Array, x: Array, *, alpha: float = 1.0) -> tuple[Array]:
    """the derivative below zero is y + 1; y + α is right"""
    return (dy * np.where(x > 0, dy.dtype.type(1), elu.forward(x, alpha=alpha) + 1),)
