"""Windows times kernel: a form, linear in each of x, w and dy, and its three derivatives.   Formulas E1, E9a, E10.

L = Σ dy[n,o,p] w[o,c,r] u[n,c,r,p]                    u the windows of zero-padded x

_convolution.py defines its derivatives y, dw and dx, and the letters. A convolution is y. A transposed convolution is
dx, and its gradients are y and dw. This file carries out the sums, in blocks.

With k taps in the kernel, u is k times as large as x. It is made for a few images at a time, or for a few rows of one
large image. So it is still in the processor's cache when it is read, and memory does not grow with n. In memory, n is
next to p, which makes each of the sums one matrix product.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from ._contract import contract
from ._geometry import Pads, Shape, padded_size
from ._typing import Array
from ._windows import cells, columns, crop, pad, scatter

Geometry = tuple[Shape, Shape, Pads]  # stride, dilation and padding per axis

BLOCK_BYTES = 2**21  # of u per block


def y_of(x: Array, w: Array, b: Array | None, positions: Shape, geometry: Geometry, groups: int) -> Array:
    """x (N, C, …), w (O, C/groups, …), b (O,) or None → y (N, O, *positions), with b added."""
    r, p = letters(w)
    y = np.empty((len(x), len(w), *positions), x.dtype)
    ws, ys = split(w, 0, groups), split(y, 1, groups)
    bs = x.dtype.type(0) if b is None else split(along_channels(b, y), 0, groups)
    for images, rows, u in windows(x, w.shape, y.shape, geometry, groups):
        np.add(contract(f"goc{r},gc{r}n{p}->ngo{p}", ws, u), bs, out=ys[images, :, :, rows])
    return y


def dw_of(dy: Array, x: Array, w_shape: Shape, geometry: Geometry, groups: int) -> Array:
    """dy (N, O, …), x (N, C, …) → dw (O, C/groups, …)."""
    r, p = letters(x)
    dws = np.zeros((groups, *w_shape[1:], w_shape[0] // groups), x.dtype)
    dys = split(dy, 1, groups)
    for images, rows, u in windows(x, w_shape, dy.shape, geometry, groups):
        dws += contract(f"gc{r}n{p},ngo{p}->gc{r}o", u, dys[images, :, :, rows])
    return dws.transpose(0, dws.ndim - 1, *range(1, dws.ndim - 1)).reshape(w_shape)


def dx_of(dy: Array, w: Array, x_shape: Shape, geometry: Geometry, groups: int) -> Array:
    """dy (N, O, …), w (O, C/groups, …) → dx (N, C, …)."""
    t, d, pads = geometry
    r, p = letters(w)
    dx, size = np.empty(x_shape, dy.dtype), padded_size(x_shape[2:], pads)
    ws, dys = split(w, 0, groups), split(dy, 1, groups)
    for images, bands in blocks(dx, w.shape, dy.shape):
        du = (merge(contract(f"goc{r},ngo{p}->ngc{r}{p}", ws, dys[images, :, :, rows]), 1) for rows in bands)
        if len(bands) == 1:
            dxp = scatter(next(du), size, t, d)
        else:
            dxp = np.zeros((len(dx[images]), x_shape[1], *size), dy.dtype)
            for rows, part in zip(bands, du, strict=True):
                seen = dxp[reach(rows, dy.shape, w.shape, t, d)]
                seen += scatter(part, seen.shape[2:], t, d)
        dx[images] = crop(dxp, pads)
    return dx


def windows(
    x: Array, w_shape: Shape, y_shape: Shape, geometry: Geometry, groups: int
) -> Iterator[tuple[slice, slice, Array]]:
    """Yield for each block the slice of images, the slice of rows of their positions, and their u (g, c, r, n, p)."""
    t, d, pads = geometry
    for images, bands in blocks(x, w_shape, y_shape):
        xp = pad(x[images].swapaxes(0, 1), pads)
        for rows in bands:
            yield images, rows, split(columns(xp[reach(rows, y_shape, w_shape, t, d)], w_shape[2:], t, d), 0, groups)


def blocks(x: Array, w: Shape, y: Shape) -> Iterator[tuple[slice, list[slice]]]:
    """Yield images, and rows of their positions, with about BLOCK_BYTES of u; at least one row of one image."""
    row = max(x.shape[1] * prod(w[2:]) * prod(y[3:]) * x.itemsize, 1)
    images, rows = max(BLOCK_BYTES // (row * y[2]), 1), min(max(BLOCK_BYTES // row, 1), y[2])
    for n in range(0, y[0], images):
        yield slice(n, n + images), [slice(i, min(i + rows, y[2])) for i in range(0, y[2], rows)]


def reach(rows: slice, y: Shape, w: Shape, t: Shape, d: Shape) -> Any:
    """An index into padded x: from the first to the last element that the windows at these rows of positions read."""
    axes = zip((rows.start, *(0 for _ in y[3:])), (rows.stop, *y[3:]), w[2:], t, d, strict=True)
    return cells(slice(p * t, (end - 1) * t + d * (k - 1) + 1) for p, end, k, t, d in axes)


def letters(a: Array) -> tuple[str, str]:
    """The letters of the kernel's axes and of the positions' axes; ``a`` has two more axes than each of them."""
    return "rst"[: a.ndim - 2], "pqv"[: a.ndim - 2]


def split(a: Array, axis: int, groups: int) -> Array:
    """Split the axis of channels in two: group, channel of the group."""
    return a.reshape(*a.shape[:axis], groups, a.shape[axis] // groups, *a.shape[axis + 1 :])


def merge(a: Array, axis: int) -> Array:
    """The inverse of ``split``."""
    return a.reshape(*a.shape[:axis], a.shape[axis] * a.shape[axis + 1], *a.shape[axis + 2 :])


def along_channels(b: Array, y: Array) -> Array:
    """b (O,) as an array that broadcasts along y's channels."""
    return b.reshape(-1, *(1 for _ in y.shape[2:]))


def sum_channels(dy: Array) -> Array:
    """The adjoint of ``along_channels``: the sum over all axes but the channels."""
    total: Array = dy.sum((0, *range(2, dy.ndim)))
    return total
