"""Convolution as one matrix product: the windows are the columns. Elements are found by index, not by stride."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from cnn_oracle.manual._geometry import conv, same_dtype
from cnn_oracle.manual._typing import Array
from cnn_oracle.studies.known_good.taps import padded


def forward(
    x: Array, w: Array, b: Array | None = None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Array:  # fmt: skip
    same_dtype("conv2d", x=x, w=w, b=b)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups)
    wide = padded(x, pads)
    rows, columns = _index(wide, w, t, d)
    positions = rows.shape[2] * columns.shape[3]
    y = np.empty((len(x), len(w), rows.shape[2], columns.shape[3]), x.dtype)
    for g in range(groups):
        o, c = _group(len(w), g, groups), _group(x.shape[1], g, groups)
        matrix = wide[:, c][:, :, rows, columns].reshape(len(x), w[0].size, positions)
        y[:, o] = (w[o].reshape(-1, w[0].size) @ matrix).reshape(y[:, o].shape)
    return y if b is None else y + b[:, None, None]


def backward(
    dy: Array, x: Array, w: Array, b: Array | None = None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> tuple[Array | None, ...]:  # fmt: skip
    same_dtype("conv2d", x=x, w=w, b=b, dy=dy)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups, dy)
    wide = padded(x, pads)
    rows, columns = _index(wide, w, t, d)
    positions = dy.shape[2] * dy.shape[3]
    dwide, dw = np.zeros_like(wide), np.empty_like(w, order="C")
    for g in range(groups):
        o, c = _group(len(w), g, groups), _group(x.shape[1], g, groups)
        taps = wide[:, c][:, :, rows, columns]
        matrix = taps.reshape(len(x), w[0].size, positions)
        flat, filters = dy[:, o].reshape(len(x), len(w) // groups, positions), w[o].reshape(-1, w[0].size)
        dw[o] = (flat @ matrix.transpose(0, 2, 1)).sum(0).reshape(dw[o].shape)
        n, channels = np.arange(len(x)), np.arange(x.shape[1])[c]
        at = (n[:, None, None, None, None, None], channels[:, None, None, None, None], rows, columns)
        np.add.at(dwide, at, (filters.T @ flat).reshape(taps.shape))
    (top, _), (left, _) = pads
    dx = dwide[:, :, top : top + x.shape[2], left : left + x.shape[3]].copy()
    return dx, dw, None if b is None else dy.sum((0, 2, 3))


def _index(wide: Array, w: Array, t: Any, d: Any) -> tuple[Array, Array]:
    """Rows (R, 1, P, 1) and columns (1, S, 1, Q) of every tap of every window."""
    ends = (n - e * (k - 1) for n, e, k in zip(wide.shape[2:], d, w.shape[2:], strict=True))
    p, q = (np.arange(0, end, step) for end, step in zip(ends, t, strict=True))
    r, s = (np.arange(k) * e for k, e in zip(w.shape[2:], d, strict=True))
    return (r[:, None] + p).reshape(len(r), 1, len(p), 1), (s[:, None] + q).reshape(1, len(s), 1, len(q))


def _group(channels: int, g: int, groups: int) -> slice:
    return slice(g * channels // groups, (g + 1) * channels // groups)


conv2d = SimpleNamespace(forward=forward, backward=backward)
