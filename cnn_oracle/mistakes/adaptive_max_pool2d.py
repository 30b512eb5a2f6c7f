"""Wrong derivations of adaptive max pooling; those of the window positions are in _adaptive.py."""

from typing import Any

import numpy as np

from cnn_oracle.manual._adaptive import windows
from cnn_oracle.manual._typing import Array


def ties_counted_twice(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dy goes to every element that equals the maximum, not only to the first"""
    rows, columns = windows("adaptive_max_pool2d", x, output_size)
    dx = np.zeros_like(x)
    for p, q in np.ndindex(dy.shape[2:]):
        u = x[:, :, rows[p], columns[q]]
        dx[:, :, rows[p], columns[q]] += (u == u.max((2, 3), keepdims=True)) * dy[:, :, p : p + 1, q : q + 1]
    return (dx,)


def ties_split_evenly(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """on a tie dy is split evenly among all maxima; it must go to the first"""
    rows, columns = windows("adaptive_max_pool2d", x, output_size)
    dx = np.zeros_like(x)
    for p, q in np.ndindex(dy.shape[2:]):
        u = x[:, :, rows[p], columns[q]]
        most = (u == u.max((2, 3), keepdims=True)).astype(x.dtype)
        share = most / most.sum((2, 3), keepdims=True)
        dx[:, :, rows[p], columns[q]] += share * dy[:, :, p : p + 1, q : q + 1]
    return (dx,)


def last_maximum(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """on a tie dy goes to the last maximum in row order, not to the first"""
    return (_put(dy, x, output_size, last=True, add=True),)


def overlap_overwrites(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dx is assigned (=) where windows share their maximum, not added (+=)"""
    return (_put(dy, x, output_size, last=False, add=False),)


def spread_evenly(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """dy is spread evenly over the window, as in average pooling"""
    rows, columns = windows("adaptive_max_pool2d", x, output_size)
    dx = np.zeros_like(x)
    for p, q in np.ndindex(dy.shape[2:]):
        u = dx[:, :, rows[p], columns[q]]
        u += dy[:, :, p : p + 1, q : q + 1] / x.dtype.type(u.shape[2] * u.shape[3])
    return (dx,)


def _put(dy: Array, x: Array, output_size: Any, *, last: bool, add: bool) -> Array:
    """Put dy at each window's first or last maximum, added to what is there or instead of it."""
    rows, columns = windows("adaptive_max_pool2d", x, output_size)
    dx = np.zeros_like(x)
    for n, c, p, q in np.ndindex(dy.shape):
        u = x[n, c, rows[p], columns[q]]
        h, w = np.argwhere((u == u.max()) | np.isnan(u))[-1 if last else 0] + (rows[p].start, columns[q].start)
        dx[n, c, h, w] = dy[n, c, p, q] + (dx[n, c, h, w] if add else 0)
    return dx
