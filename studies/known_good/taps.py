"""A sum over taps: for each tap of the kernel, every t-th element of the padded input."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from cnn_oracle.manual._geometry import conv, same_dtype
from cnn_oracle.manual._typing import Array


def conv_forward(
    x: Array, w: Array, b: Array | None = None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Array:  # fmt: skip
    same_dtype("conv2d", x=x, w=w, b=b)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups)
    wide, y = padded(x, pads), None
    for r, s in np.ndindex(*w.shape[2:]):
        part = _by_groups("nchw,oc->nohw", _cells(wide, r, s, t, d, w.shape[2:]), w[:, :, r, s], groups)
        y = part if y is None else y + part
    assert y is not None
    return y if b is None else y + b[:, None, None]


def conv_backward(
    dy: Array, x: Array, w: Array, b: Array | None = None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> tuple[Array | None, ...]:  # fmt: skip
    same_dtype("conv2d", x=x, w=w, b=b, dy=dy)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups, dy)
    wide = padded(x, pads)
    dwide, dw = np.zeros_like(wide), np.zeros(w.shape, w.dtype)
    for r, s in np.ndindex(*w.shape[2:]):
        cells, into = (_cells(a, r, s, t, d, w.shape[2:]) for a in (wide, dwide))
        for g in range(groups):
            o, c = _group(dy.shape[1], g, groups), _group(x.shape[1], g, groups)
            into[:, c] += np.einsum("nohw,oc->nchw", dy[:, o], w[o, :, r, s])
            dw[o, :, r, s] = np.einsum("nohw,nchw->oc", dy[:, o], cells[:, c])
    (top, bottom), (left, right) = pads
    h, v = wide.shape[2:]
    return dwide[:, :, top : h - bottom, left : v - right].copy(), dw, None if b is None else dy.sum((0, 2, 3))


def padded(x: Array, pads: Any) -> Array:
    return np.pad(x, ((0, 0), (0, 0), *pads))


def _cells(wide: Array, r: int, s: int, t: Any, d: Any, kernel: Any) -> Array:
    rows = wide.shape[2] - d[0] * (kernel[0] - 1)
    columns = wide.shape[3] - d[1] * (kernel[1] - 1)
    return wide[:, :, r * d[0] : r * d[0] + rows : t[0], s * d[1] : s * d[1] + columns : t[1]]


def _by_groups(letters: str, x: Array, w: Array, groups: int) -> Array:
    parts = zip(np.split(x, groups, 1), np.split(w, groups), strict=True)
    return np.concatenate([np.einsum(letters, a, b) for a, b in parts], 1)


def _group(channels: int, g: int, groups: int) -> slice:
    return slice(g * channels // groups, (g + 1) * channels // groups)


conv2d = SimpleNamespace(forward=conv_forward, backward=conv_backward)
