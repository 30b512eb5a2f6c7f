"""Wrong derivations of the dense layer."""

import numpy as np

from cnn_oracle.manual import linear
from cnn_oracle.manual._typing import Array


def averaged_over_the_batch(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    """dw and db are divided by the batch size, as in S1 as printed; the mean belongs to the loss"""
    dx, dw, db = linear.backward(dy, x, w, b)
    m = dy.dtype.type(max(int(np.prod(dy.shape[:-1])), 1))
    return dx, dw / m, None if db is None else db / m


def bias_gradient_averaged(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    """db, but not dw, is averaged over the samples; it must be the sum of dy"""
    dx, dw, db = linear.backward(dy, x, w, b)
    return dx, dw, None if db is None else db / dy.dtype.type(max(int(np.prod(dy.shape[:-1])), 1))


def divided_by_the_first_axis(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    """dw and db are summed over all samples, but divided by the size of the first axis"""
    dx, dw, db = linear.backward(dy, x, w, b)
    m = dy.dtype.type(max(len(x), 1) if x.ndim > 1 else 1)
    return dx, dw / m, None if db is None else db / m


def weight_not_transposed(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    """dx is dy wᵀ where dy w is right; the shapes fit only for a square w"""
    dx, dw, db = linear.backward(dy, x, w, b)
    return dy @ w.T if w.shape[0] == w.shape[1] else dx, dw, db


def bias_gradient_of_one_sample(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    """db is the first sample's dy; the sum over the batch is missing"""
    dx, dw, db = linear.backward(dy, x, w, b)
    rows = dy.reshape(int(np.prod(dy.shape[:-1])), dy.shape[-1])
    return dx, dw, db if db is None or not len(rows) else rows[0].copy()
