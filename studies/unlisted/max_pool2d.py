"""Unlisted wrong derivations of max pooling of images."""

from typing import Any

import numpy as np

from cnn_oracle.manual import max_pool2d
from cnn_oracle.manual._geometry import padded_size, pool
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import crop, over_windows, pad, scatter

PLAIN = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}


def begins_at_the_smallest_positive_number(x: Array, **options: Any) -> Array:
    """the maximum begins at FLT_MIN, which is the smallest positive number, so a window of negative elements has it"""
    y: Array = np.maximum(max_pool2d.forward(x, **options), np.finfo(x.dtype).tiny)
    return y


def nan_skipped(x: Array, **options: Any) -> Array:
    """NaN is skipped, as by C's fmax and by comparisons with >; the maximum of a window with NaN is NaN"""
    k, t, d, pads = _geometry(x, **options)
    return over_windows(np.fmax, pad(x, pads, -np.inf), k, t, d)


def index_by_the_height(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx puts the maximum, element i of a window of R × S, at ⌊i/R⌋, i mod R; S is right, so only square windows are"""
    (r, s), t, d, pads = _geometry(x, **options)
    m = max_pool2d.argmax(x, **(PLAIN | options))
    du = np.zeros((*x.shape[:2], r, s, *dy.shape[2:]), dy.dtype)
    for i in range(r * s):
        du[:, :, min(i // r, r - 1), min(i % r, s - 1)] += np.where(m == i, dy, 0)
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads).copy(),)


def _geometry(
    x: Array, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    return pool("max_pool2d", x.shape, kernel_size, stride, padding, dilation, ceil_mode)
