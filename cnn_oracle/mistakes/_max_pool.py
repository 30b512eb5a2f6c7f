"""Wrong derivations of max pooling, over any number of axes."""

from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual import _max_pool
from cnn_oracle.manual._geometry import Pads, Shape, padded_size, pool
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import cells, crop, gather, pad, scatter
from cnn_oracle.mistakes._windows import rotated

PLAIN = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}


def padded_with_zero(op: str, x: Array, **options: Any) -> Array:
    """the padding is 0, not −∞, so windows of negative elements at the border have maximum 0"""
    k, t, d, pads = _geometry(op, x, **options)
    y: Array = gather(pad(x, pads), k, t, d).max(_taps(k))
    return y


def dilation_ignored(op: str, x: Array, **options: Any) -> Array:
    """dilation is ignored: the elements of a window are adjacent"""
    k, t, d, pads = _geometry(op, x, **options)
    u = gather(pad(x, pads, -np.inf), k, t, (1,) * len(k))
    positions = gather(pad(x, pads), k, t, d).shape[-len(k) :]
    y: Array = u[cells(map(slice, positions))].max(_taps(k))
    return y


def ceil_mode_in_front(op: str, x: Array, **options: Any) -> Array:
    """the padding that ceil_mode adds is at the front, not at the end"""
    if not options.get("ceil_mode"):
        return _max_pool.forward(op, x, **options)
    return rotated(_max_pool.forward(op, rotated(x), **options)).copy()


def ties_counted_twice(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dy goes to every element that equals the maximum, not only to the first"""
    k, t, d, pads = _geometry(op, x, **options)
    u = gather(pad(x, pads, -np.inf), k, t, d)
    du = np.where(u == u.max(_taps(k), keepdims=True), np.expand_dims(dy, _taps(k)), dy.dtype.type(0))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def ties_split_evenly(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """on a tie dy is split evenly among all maxima; it must go to the first"""
    k, t, d, pads = _geometry(op, x, **options)
    u = gather(pad(x, pads, -np.inf), k, t, d)
    most = u == u.max(_taps(k), keepdims=True)
    share = np.expand_dims(dy, _taps(k)) / most.sum(_taps(k), keepdims=True).astype(dy.dtype)
    du = np.where(most, share, dy.dtype.type(0))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def last_maximum(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """on a tie dy goes to the last maximum in row order, not to the first"""
    k, t, d, pads = _geometry(op, x, **options)
    u = gather(pad(x, pads, -np.inf), k, t, d)
    u = u.reshape(*x.shape[:2], prod(k), *dy.shape[2:])
    last = prod(k) - 1 - u[:, :, ::-1].argmax(2)
    taps = np.arange(prod(k)).reshape(*k, *(1 for _ in k))
    du = np.where(np.expand_dims(last, _taps(k)) == taps, np.expand_dims(dy, _taps(k)), dy.dtype.type(0))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def overlap_overwrites(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is assigned (=) where windows share their maximum, not added (+=)"""
    k, t, d, pads = _geometry(op, x, **options)
    m = _max_pool.argmax(op, x, **PLAIN | options)
    dxp = np.zeros((*x.shape[:2], *padded_size(x.shape[2:], pads)), x.dtype)
    for n, c, *p in np.ndindex(*dy.shape):
        tap = np.unravel_index(m[n, c, *p], k)
        dxp[n, c, *(i * t + r * d for i, r, t, d in zip(p, tap, t, d, strict=True))] = dy[n, c, *p]
    return (crop(dxp, pads).copy(),)


def spread_evenly(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dy is spread evenly over the window, as in average pooling"""
    k, t, d, pads = _geometry(op, x, **options)
    share = np.expand_dims(dy / dy.dtype.type(prod(k)), _taps(k))
    du = np.broadcast_to(share, (*x.shape[:2], *k, *dy.shape[2:]))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def _taps(kernel: Shape) -> tuple[int, ...]:
    """The axes of a window's taps, after batch and channels."""
    return tuple(range(2, 2 + len(kernel)))


def _geometry(
    op: str, x: Array, *,
    kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
) -> tuple[Shape, Shape, Shape, Pads]:  # fmt: skip
    return pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
