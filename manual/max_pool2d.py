"""The largest cell of each window; its gradient goes to that cell alone.   Formulas E12, E13.

u[n,c,r,s,p,q]    = the windows of x padded with −∞
m[n,c,p,q]        = argmax_rs u[n,c,r,s,p,q], the first in row order, but the last NaN if there is one; never padding
y[n,c,p,q]        = u[n,c,m,p,q]
du[n,c,r,s,p,q]   = dy[n,c,p,q] where (r,s) = m[n,c,p,q], else 0       dx = crop(scatter(du))

A window that lies wholly in the padding (dilation makes it possible) is −∞ and sends its dy nowhere.
"""

import numpy as np

from manual._geometry import padded_size, pool
from manual._typing import Array, Ints
from manual._windows import crop, gather, pad, scatter


def forward(
    x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> Array:  # fmt: skip
    """x (N, C, H, W) → y (N, C, P, Q); arguments as in torch's max_pool2d, stride defaults to kernel_size.

    Raises:
        ValueError: PyTorch would refuse the geometry, or the input is not batched.
    """
    k, t, d, pads = pool("max_pool2d", x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    y: Array = gather(pad(x, pads, -np.inf), k, t, d).max((2, 3))
    return y


def backward(
    dy: Array, x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, P, Q) → dx (N, C, H, W)."""
    k, t, d, pads = pool("max_pool2d", x.shape, kernel_size, stride, padding, dilation, ceil_mode, dy)
    m = argmax(x, kernel_size=k, stride=t, padding=padding, dilation=d, ceil_mode=ceil_mode)
    taps = np.arange(k[0] * k[1]).reshape(*k, 1, 1)
    du = np.where(m[:, :, None, None] == taps, dy[:, :, None, None], dy.dtype.type(0))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def argmax(
    x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> Array:  # fmt: skip
    """m (N, C, P, Q): the tap r·S + s that each window takes; −1 where a window holds nothing but padding."""
    k, t, d, pads = pool("max_pool2d", x.shape, kernel_size, stride, padding, dilation, ceil_mode)

    def taps(a: Array) -> Array:
        u = gather(a, k, t, d)
        return u.reshape(*u.shape[:-4], k[0] * k[1], *u.shape[-2:])

    u = taps(pad(x, pads, -np.inf))
    m = u.argmax(-3)
    nan = np.isnan(u)
    m = np.where(nan.any(-3), k[0] * k[1] - 1 - nan[:, :, ::-1].argmax(-3), m)
    inside = taps(pad(np.ones(x.shape[2:], bool), pads))
    first = np.where(inside.any(-3), inside.argmax(-3), -1)
    return np.where(np.take_along_axis(u, m[:, :, None], -3)[:, :, 0] == -np.inf, first, m)
