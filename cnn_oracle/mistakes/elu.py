"""Wrong derivations of the exponential linear unit."""

import numpy as np

from cnn_oracle.manual import elu
from cnn_oracle.manual._typing import Array


def one_subtracted_from_exp(x: Array, *, alpha: float = 1.0) -> Array:
    """below zero y is α (exp(x) − 1), which loses its digits near 0; expm1 keeps them"""
    return np.where(x > 0, x, alpha * (np.exp(x) - 1))


def alpha_left_out(dy: Array, x: Array, *, alpha: float = 1.0) -> tuple[Array]:
    """below zero dx is dy exp(x): the factor α is missing"""
    return elu.backward(dy, x)


def y_plus_one(dy: Array, x: Array, *, alpha: float = 1.0) -> tuple[Array]:
    """the derivative below zero is y + 1; y + α is right"""
    return (dy * np.where(x > 0, dy.dtype.type(1), elu.forward(x, alpha=alpha) + 1),)


def one_at_the_kink(dy: Array, x: Array, *, alpha: float = 1.0) -> tuple[Array]:
    """the derivative at 0 is 1; PyTorch's convention is α"""
    return (np.where(x < 0, elu.backward(dy, x, alpha=alpha)[0], dy),)
