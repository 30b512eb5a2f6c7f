"""Wrong derivations of max pooling."""

from typing import Any

import numpy as np

from manual import max_pool2d
from manual._geometry import padded_size, pool
from manual._typing import Array
from manual._windows import crop, gather, pad, scatter


def padded_with_zero(x: Array, **options: Any) -> Array:
    """the padding is 0, not −∞: windows of negative cells at the border give 0"""
    k, t, d, pads = _geometry(x, **options)
    y: Array = gather(pad(x, pads), k, t, d).max((2, 3))
    return y


def dilation_ignored(x: Array, **options: Any) -> Array:
    """the cells of a dilated window are taken side by side"""
    k, t, d, pads = _geometry(x, **options)
    u = gather(pad(x, pads, -np.inf), k, t, (1, 1))
    positions = gather(pad(x, pads), k, t, d).shape[-2:]
    y: Array = u[..., : positions[0], : positions[1]].max((2, 3))
    return y


def ties_counted_twice(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dy goes to every cell that equals the maximum, not to the first alone"""
    k, t, d, pads = _geometry(x, **options)
    u = gather(pad(x, pads, -np.inf), k, t, d)
    du = np.where(u == u.max((2, 3), keepdims=True), dy[:, :, None, None], dy.dtype.type(0))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def last_maximum(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """among ties dy goes to the last maximum in row order, not to the first"""
    k, t, d, pads = _geometry(x, **options)
    u = gather(pad(x, pads, -np.inf), k, t, d)
    u = u.reshape(*u.shape[:2], k[0] * k[1], *u.shape[4:])
    last = k[0] * k[1] - 1 - u[:, :, ::-1].argmax(2)
    taps = np.arange(k[0] * k[1]).reshape(*k, 1, 1)
    du = np.where(last[:, :, None, None] == taps, dy[:, :, None, None], dy.dtype.type(0))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def overlap_overwrites(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """where windows overlap and share their maximum, the last one's dy stays (=) and nothing is added (+=)"""
    k, t, d, pads = _geometry(x, **options)
    m = max_pool2d.argmax(x, **options)
    dxp = np.zeros((*x.shape[:2], *padded_size(x.shape[2:], pads)), x.dtype)
    for n, c, p, q in np.ndindex(*dy.shape):
        r, s = divmod(m[n, c, p, q], k[1])
        dxp[n, c, p * t[0] + r * d[0], q * t[1] + s * d[1]] = dy[n, c, p, q]
    return (crop(dxp, pads).copy(),)


def spread_evenly(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dy is shared out over the window, as in average pooling"""
    k, t, d, pads = _geometry(x, **options)
    du = np.broadcast_to((dy / dy.dtype.type(k[0] * k[1]))[:, :, None, None], (*x.shape[:2], *k, *dy.shape[2:]))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def _geometry(
    x: Array, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    return pool("max_pool2d", x.shape, kernel_size, stride, padding, dilation, ceil_mode)
