"""Wrong derivations of adaptive average pooling; where its windows lie is in _adaptive.py."""

from typing import Any

import numpy as np

from cnn_oracle.manual import adaptive_avg_pool2d
from cnn_oracle.manual._adaptive import Windows, combined, spread, windows
from cnn_oracle.manual._typing import Array


def divided_by_the_largest(x: Array, *, output_size: Any) -> Array:
    """every window's sum is divided by the cells of the largest one"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    sums = combined(np.add, combined(np.add, x, rows, 2), columns, 3)
    y: Array = sums / x.dtype.type(_cells(rows).max() * _cells(columns).max())
    return y


def not_divided(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dy goes to every cell of the window whole, not divided by their number"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    return (spread(spread(dy, columns, x.shape[3], 3), rows, x.shape[2], 2),)


def scatter_overwrites(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dx is assigned (=) where windows share a cell, not added (+=)"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    dx, share = np.zeros_like(x), dy / (_cells(rows)[:, None] * _cells(columns)).astype(x.dtype)
    for p, q in np.ndindex(share.shape[2:]):
        dx[:, :, rows[p], columns[q]] = share[:, :, p : p + 1, q : q + 1]
    return (dx,)


def resampled(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dx is dy pooled to x's size, where each cell of dy is to be put back"""
    return (adaptive_avg_pool2d.forward(dy, output_size=x.shape[2:]),)


def _cells(windows: Windows) -> Array:
    return np.array([i.stop - i.start for i in windows])
