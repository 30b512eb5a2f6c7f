"""Wrong derivations of the bilinear form."""

import numpy as np

from cnn_oracle.manual import bilinear
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._windows import Gradients


def inputs_exchanged(x1: Array, x2: Array, w: Array, b: Array | None = None) -> Array:
    """w is read as (O, J, I), as if x2 came before x1; (O, I, J) is right"""
    return bilinear.forward(x1, x2, _exchanged(w), b)


def bias_added_per_product(x1: Array, x2: Array, w: Array, b: Array | None = None) -> Array:
    """the bias is added inside the sum over i, once for each i"""
    return bilinear.forward(x1, x2, w, None if b is None else b * b.dtype.type(w.shape[1]))


def diagonal_alone(x1: Array, x2: Array, w: Array, b: Array | None = None) -> Array:
    """only products with i = j are summed, Σ_i x1[i] w[o,i,i] x2[i]; all pairs i, j are right"""
    return bilinear.forward(x1, x2, w * np.eye(*w.shape[1:], dtype=w.dtype), b)


def x2_left_out_of_dx1(dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None) -> Gradients:
    """dx1 is Σ_oj dy[o] w[o,i,j], as in linear: the factor x2 is missing"""
    return bilinear.backward(dy, x1, np.ones_like(x2), w, b)[0], *bilinear.backward(dy, x1, x2, w, b)[1:]


def x1_left_out_of_dx2(dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None) -> Gradients:
    """dx2 is Σ_oi dy[o] w[o,i,j], as in linear: the factor x1 is missing"""
    dx1, _, dw, db = bilinear.backward(dy, x1, x2, w, b)
    return dx1, bilinear.backward(dy, np.ones_like(x1), x2, w, b)[1], dw, db


def x2_taken_for_constant(dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None) -> Gradients:
    """dx2 is zero: x2 is treated as a constant"""
    dx1, dx2, dw, db = bilinear.backward(dy, x1, x2, w, b)
    return dx1, np.zeros_like(dx2), dw, db


def weight_gradient_transposed(dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None) -> Gradients:
    """dw is computed as (O, J, I) and reshaped to (O, I, J): x1 and x2 are exchanged in it"""
    dx1, dx2, dw, db = bilinear.backward(dy, x1, x2, w, b)
    return dx1, dx2, dw.swapaxes(1, 2).reshape(w.shape).copy(), db


def averaged_over_the_batch(dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None) -> Gradients:
    """dw and db are divided by the number of samples N; that 1/N belongs to the loss"""
    dx1, dx2, dw, db = bilinear.backward(dy, x1, x2, w, b)
    n = dy.dtype.type(max(int(np.prod(dy.shape[:-1])), 1))
    return dx1, dx2, dw / n, None if db is None else db / n


def bias_gradient_averaged(dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None) -> Gradients:
    """db, but not dw, is averaged over the samples; it must be the sum of dy"""
    dx1, dx2, dw, db = bilinear.backward(dy, x1, x2, w, b)
    return dx1, dx2, dw, None if db is None else db / dy.dtype.type(max(int(np.prod(dy.shape[:-1])), 1))


def bias_gradient_of_one_sample(dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None) -> Gradients:
    """db is the first sample's dy; the sum over the batch is missing"""
    dx1, dx2, dw, db = bilinear.backward(dy, x1, x2, w, b)
    rows = dy.reshape(int(np.prod(dy.shape[:-1])), dy.shape[-1])
    return dx1, dx2, dw, db if db is None or not len(rows) else rows[0].copy()


def _exchanged(w: Array) -> Array:
    """w (O, I, J), read as if it were (O, J, I)."""
    return w.reshape(len(w), w.shape[2], w.shape[1]).swapaxes(1, 2)
