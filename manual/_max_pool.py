"""Max pooling over any number of axes: the largest cell of each window, and dy to that cell alone.   Formulas E12, E13.

u           = the windows of x padded with −∞
m[n,c,p]    = argmax_r u[n,c,r,p], the first in row order, but the last NaN if there is one; never padding
y[n,c,p]    = u[n,c,m,p]
du[n,c,r,p] = dy[n,c,p] where r = m[n,c,p], else 0             dx = crop(scatter(du))

r stands for all kernel axes, p for all output axes. A window that lies wholly in the padding (dilation makes it
possible) is −∞ and sends its dy nowhere.
"""

from math import prod

import numpy as np

from manual._geometry import padded_size, pool
from manual._typing import Array, Ints
from manual._windows import crop, gather, pad, scatter


def forward(
    op: str, x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> Array:  # fmt: skip
    """x (N, C, …) → y (N, C, …); stride defaults to kernel_size.

    Raises:
        ValueError: PyTorch would refuse the geometry, or the input is not batched.
    """
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    y: Array = gather(pad(x, pads, -np.inf), k, t, d).max(tuple(range(2, x.ndim)))
    return y


def backward(
    op: str, dy: Array, x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, …) → dx of x's shape."""
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode, dy)
    m = argmax(op, x, kernel_size=k, stride=t, padding=padding, dilation=d, ceil_mode=ceil_mode)
    r = np.arange(prod(k)).reshape(-1, *(1 for _ in k))
    du = np.where(m[:, :, None] == r, dy[:, :, None], dy.dtype.type(0))
    du = du.reshape(*x.shape[:2], *k, *dy.shape[2:])
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def argmax(
    op: str, x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> Array:  # fmt: skip
    """m (N, C, …): the tap, counted in row order, that each window takes; −1 where it holds nothing but padding."""
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode)

    def windows(a: Array) -> Array:
        u = gather(a, k, t, d)
        return u.reshape(*u.shape[: u.ndim - 2 * len(k)], prod(k), *u.shape[u.ndim - len(k) :])

    u, taps = windows(pad(x, pads, -np.inf)), 2
    m = u.argmax(taps)
    if (nan := np.isnan(u)).any():
        m = np.where(nan.any(taps), prod(k) - 1 - np.flip(nan, taps).argmax(taps), m)
    inside = windows(pad(np.ones(x.shape[2:], bool), pads))
    first = np.where(
        inside.any(0), inside.argmax(0), -1
    )  # what −∞ everywhere leaves: the first cell that is no padding
    return np.where(np.take_along_axis(u, m[:, :, None], taps)[:, :, 0] == -np.inf, first, m)
