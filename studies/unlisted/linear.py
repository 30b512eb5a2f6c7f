"""Unlisted wrong derivations of the dense layer."""

import numpy as np

from cnn_oracle.manual import linear
from cnn_oracle.manual._typing import Array


def odd_feature_left_out(x: Array, w: Array, b: Array | None = None) -> Array:
    """the features are summed in pairs, and the last of an odd number is left out"""
    even = x.shape[-1] // 2 * 2
    return linear.forward(np.ascontiguousarray(x[..., :even]), np.ascontiguousarray(w[:, :even]), b)


def products_in_float16(x: Array, w: Array, b: Array | None = None) -> Array:
    """x and w are rounded to float16 before they are multiplied"""
    return linear.forward(x.astype(np.float16).astype(x.dtype), w.astype(np.float16).astype(w.dtype), b)


def weight_gradient_reshaped(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    """dw is computed as (I, O) and reshaped to (O, I); it must be transposed"""
    dx, dw, db = linear.backward(dy, x, w, b)
    return dx, dw.T.reshape(w.shape).copy(), db


def clipped_in_dw(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    """dw and db use dy clipped to ±1: clipping belongs to the training loop"""
    return linear.backward(dy, x, w, b)[0], *linear.backward(np.clip(dy, -1, 1), x, w, b)[1:]
