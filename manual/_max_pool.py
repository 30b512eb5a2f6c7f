"""Max pooling over any number of axes: the largest cell of each window, and dy to that cell alone.   Formulas E12, E13.

u           = the windows of x padded with −∞
m[n,c,p]    = argmax_r u[n,c,r,p]: the first in row order, but the last NaN if there is one; never padding
y[n,c,p]    = u[n,c,m,p]
du[n,c,r,p] = dy[n,c,p] where r = m[n,c,p], else 0             dx = crop(scatter(du)): one r after another

r stands for all kernel axes, p for all output axes. A window that lies wholly in the padding (dilation makes it
possible) is −∞ and sends its dy nowhere.
"""

from collections.abc import Iterator
from math import prod

import numpy as np

from manual._floats import ieee
from manual._geometry import padded_size, pool
from manual._typing import Array, Ints
from manual._where import only
from manual._windows import crop, gather, over_windows, pad


def forward(
    op: str, x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> Array:  # fmt: skip
    """x (N, C, …) → y (N, C, …); stride defaults to kernel_size.

    Raises:
        ValueError: PyTorch would refuse the geometry, or the input is not batched.
    """
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return over_windows(np.maximum, pad(x, pads, -np.inf), k, t, d)


@ieee
def backward(
    op: str, dy: Array, x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, …) → dx of x's shape."""
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode, dy)
    m = argmax(op, x, kernel_size=k, stride=t, padding=padding, dilation=d, ceil_mode=ceil_mode)
    dxp = np.zeros((*x.shape[:2], *padded_size(x.shape[2:], pads)), dy.dtype)
    apart = all(d * (k - 1) < t for k, t, d in zip(k, t, d, strict=True))
    for r, dx in enumerate(taps(gather(dxp, k, t, d, writeable=True))):
        if apart:  # no two windows share a cell: nothing is there yet
            dx[...] = only(m == r, dy)
        else:
            dx += only(m == r, dy)
    return (crop(dxp, pads),)


def argmax(
    op: str, x: Array, *, kernel_size: Ints, stride: Ints | None, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Array:
    """m (N, C, …): the tap, counted in row order, that each window takes; −1 where it holds nothing but padding."""
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    u = gather(pad(x, pads, -np.inf), k, t, d)
    inside = gather(pad(np.ones(x.shape[2:], bool), pads), k, t, d)
    inside = inside.reshape(prod(k), *inside.shape[len(k) :])
    count = np.min_scalar_type(-1 - prod(k))  # m + 1, in as few bytes as hold it: most of the time goes by them
    m = np.where(inside.any(0), inside.argmax(0) + 1, 0).astype(count)  # what −∞ everywhere leaves
    m = np.broadcast_to(m, (*x.shape[:2], *m.shape)).copy()
    first, *others = taps(u)
    best = first.copy()
    for r, cell in enumerate(others, 2):
        np.maximum(m, (cell > best) * count.type(r), out=m)
        np.maximum(best, cell, out=best)
    if np.isnan(best).any():
        for r, cell in enumerate(taps(u), 1):
            m[np.isnan(cell)] = r
    return m.astype(np.intp) - 1


def taps(u: Array) -> Iterator[Array]:
    """The first cell (N, C, …) of all windows (N, C, …, …), the second of all, …, in row order."""
    for tap in np.ndindex(u.shape[2 : u.ndim // 2 + 1]):
        yield u[(slice(None), slice(None), *tap)]
