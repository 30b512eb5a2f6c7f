"""Wrong derivations of log-softmax."""

import numpy as np

from cnn_oracle.manual import softmax
from cnn_oracle.manual._typing import Array


def logarithm_of_softmax(x: Array, *, dim: int) -> Array:
    """y is log(softmax(x)), which is −∞ where softmax underflows to 0"""
    return np.log(softmax.forward(x, dim=dim))


def eps_in_the_logarithm(x: Array, *, dim: int, epsilon: float = 1e-8) -> Array:
    """y is log(softmax(x) + eps), which is wrong by about eps/softmax(x) everywhere"""
    y: Array = np.log(softmax.forward(x, dim=dim) + x.dtype.type(epsilon))
    return y


def maximum_not_subtracted(x: Array, *, dim: int) -> Array:
    """y is x − log Σ exp(x): without the maximum subtracted, exp overflows, and y is −∞"""
    e = np.exp(x)
    return x - np.log(e.sum(dim, keepdims=True) if x.ndim else e)


def sum_of_dy_left_out(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dx is dy − softmax(x), which is right only where dy sums to 1"""
    return (dy - softmax.forward(x, dim=dim),)


def softmax_of_the_gradient(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dx is softmax's, not log-softmax's"""
    return softmax.backward(dy, x, dim=dim)
