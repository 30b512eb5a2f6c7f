"""Wrong derivations of adaptive average pooling; those of the window positions are in _adaptive.py."""

from typing import Any

import numpy as np

from cnn_oracle.manual import adaptive_avg_pool2d
from cnn_oracle.manual._adaptive import Windows, combined, spread, windows
from cnn_oracle.manual._typing import Array


def divided_by_the_largest(x: Array, *, output_size: Any) -> Array:
    """every window's sum is divided by the size of the largest window, not by its own size"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    sums = combined(np.add, combined(np.add, x, rows, 2), columns, 3)
    y: Array = sums / x.dtype.type(_lengths(rows).max() * _lengths(columns).max())
    return y


def sum_for_mean(x: Array, *, output_size: Any) -> Array:
    """y is the sum of each window: it is not divided by the number of elements"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    return combined(np.add, combined(np.add, x, rows, 2), columns, 3)


def not_divided(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """every element of a window gets the whole dy, not dy divided by the number of elements"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    return (spread(spread(dy, columns, x.shape[3], 3), rows, x.shape[2], 2),)


def divided_twice(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dx is divided twice by the number of elements of a window"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    share = dy / (_lengths(rows)[:, None] * _lengths(columns)).astype(x.dtype)
    return adaptive_avg_pool2d.backward(share, x, output_size=output_size)


def scatter_overwrites(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dx is assigned (=) where windows overlap, not added (+=)"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    dx, share = np.zeros_like(x), dy / (_lengths(rows)[:, None] * _lengths(columns)).astype(x.dtype)
    for p, q in np.ndindex(share.shape[2:]):
        dx[:, :, rows[p], columns[q]] = share[:, :, p : p + 1, q : q + 1]
    return (dx,)


def resampled(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dx is dy pooled to x's size; each element of dy must be spread over its window"""
    return (adaptive_avg_pool2d.forward(dy, output_size=x.shape[2:]),)


def _lengths(windows: Windows) -> Array:
    return np.array([i.stop - i.start for i in windows])
