"""Wrong derivations of softmax."""

import numpy as np

from cnn_oracle.manual import softmax
from cnn_oracle.manual._typing import Array


def maximum_not_subtracted(x: Array, *, dim: int) -> Array:
    """y is exp(x)/Σ exp(x): without the maximum subtracted, exp overflows, and y is NaN"""
    e = np.exp(x)
    y: Array = e / _sum(e, dim)
    return y


def maximum_of_the_whole_array(x: Array, *, dim: int) -> Array:
    """the maximum of the whole array is subtracted, not that along dim: y is 0/0 where all of exp underflows"""
    e = np.exp(x - x.max(initial=-np.inf))
    y: Array = e / _sum(e, dim)
    return y


def divided_by_the_whole_sum(x: Array, *, dim: int) -> Array:
    """y is divided by the sum over the whole array, not along dim"""
    e = np.exp(x - x.max(initial=-np.inf))
    y: Array = e / e.sum()
    return y


def identity(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dx is dy: the Jacobian is missing"""
    return (dy.copy(),)


def diagonal_only(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """only the diagonal of the Jacobian is used, as if softmax were elementwise: dy·y·(1 − y)"""
    y = softmax.forward(x, dim=dim)
    return (dy * y * (1 - y),)


def sum_left_out(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dx is dy·y: the sum Σ dy·y is not subtracted"""
    return (dy * softmax.forward(x, dim=dim),)


def sum_without_y(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """the subtracted sum is Σ dy, not Σ dy·y"""
    y = softmax.forward(x, dim=dim)
    return (y * (dy - (dy.sum(dim, keepdims=True) if x.ndim else dy)),)


def summed_over_the_last_axis(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """the subtracted sum is always over the last axis; it must be over dim"""
    y = softmax.forward(x, dim=dim)
    return (y * (dy - ((dy * y).sum(-1, keepdims=True) if x.ndim else dy * y)),)


def _sum(a: Array, dim: int) -> Array:
    return a.sum(dim, keepdims=True) if a.ndim else a
