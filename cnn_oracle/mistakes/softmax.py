"""Wrong derivations of softmax."""

from cnn_oracle.manual import softmax
from cnn_oracle.manual._typing import Array


def identity(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dx is dy: the Jacobian is missing"""
    return (dy.copy(),)


def diagonal_only(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """only the diagonal of the Jacobian is used, as if softmax were elementwise: dy·y·(1 − y)"""
    y = softmax.forward(x, dim=dim)
    return (dy * y * (1 - y),)


def sum_without_y(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """the subtracted sum is Σ dy, not Σ dy·y"""
    y = softmax.forward(x, dim=dim)
    return (y * (dy - (dy.sum(dim, keepdims=True) if x.ndim else dy)),)


def summed_over_the_last_axis(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """the subtracted sum is always over the last axis; it must be over dim"""
    y = softmax.forward(x, dim=dim)
    return (y * (dy - ((dy * y).sum(-1, keepdims=True) if x.ndim else dy * y)),)
