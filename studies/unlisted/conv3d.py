"""Unlisted wrong derivations of convolution of volumes."""

from typing import Any

import numpy as np

from cnn_oracle.manual import conv3d
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._windows import Gradients


def summed_in_float32(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the products are summed in float32, also if x has another dtype"""
    bias = None if b is None else b.astype(np.float32)
    return conv3d.forward(x.astype(np.float32), w.astype(np.float32), bias, **options).astype(x.dtype)


def second_channels_overwritten(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the output channels are computed in pairs, and the second of a pair gets the first's values"""
    y = conv3d.forward(x, w, b, **options)
    y[:, 1::2] = y[:, : y.shape[1] // 2 * 2 : 2]
    return y


def samples_overwritten_in_dw(dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dw is assigned (=) for each sample of the batch, not added (+=)"""
    dx, dw, db = conv3d.backward(dy, x, w, b, **options)
    return dx, conv3d.backward(dy[-1:], x[-1:], w, b, **options)[1] if len(x) else dw, db
