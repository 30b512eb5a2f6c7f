"""Unlisted wrong derivations of softmax."""

import numpy as np

from cnn_oracle.manual import softmax
from cnn_oracle.manual._typing import Array


def over_the_second_axis(x: Array, *, dim: int) -> Array:
    """dim is ignored: the softmax runs over axis 1, if there is one"""
    return softmax.forward(x, dim=1 if x.ndim > 1 else dim)


def eps_in_the_sum(x: Array, *, dim: int) -> Array:
    """1e-8 is added to the sum before it divides"""
    axis = dim if x.ndim else ()
    e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
    y: Array = e / (e.sum(axis, keepdims=True) + 1e-8)
    return y


def nan_taken_for_zero(x: Array, *, dim: int) -> Array:
    """NaN in y is replaced by 0"""
    y: Array = np.nan_to_num(softmax.forward(x, dim=dim))
    return y


def absolute_dy(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """the subtracted sum is Σ abs(dy) y"""
    y, axis = softmax.forward(x, dim=dim), dim if x.ndim else ()
    return (y * (dy - (np.abs(dy) * y).sum(axis, keepdims=True)),)
