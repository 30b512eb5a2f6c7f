"""Max pooling over any number of axes: the maximum of each window, which gets all of its dy.   Formulas E12, E13.

u           = the windows of x padded with −∞
m[n,c,p]    = argmax_r u[n,c,r,p]: the first in row order, but the last NaN if there is one; never padding
y[n,c,p]    = u[n,c,m,p]
du[n,c,r,p] = dy[n,c,p] where r = m[n,c,p], else 0             dx = crop(scatter(du)): one r after another

r stands for all kernel axes, p for all output axes. A dilated window may lie entirely in the padding. Its maximum is
−∞, and no element gets its dy.

In the docstrings, _for_op.py replaces {cells} and {positions} by the letters of an op's axes.
"""

from collections.abc import Iterator
from math import prod

import numpy as np

from ._floats import ieee
from ._geometry import padded_size, pool
from ._typing import Array, Ints
from ._where import only
from ._windows import crop, gather, over_windows, pad


def forward(
    op: str, x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> Array:  # fmt: skip
    """x (N, C, {cells}) → y (N, C, {positions}).

    The same as torch.nn.functional.{op}. All options but ceil_mode are each one int for all axes, or a tuple of one
    int for each of ({cells}).

    Args:
        kernel_size: taps of a window along an axis.
        stride: elements from one window to the next, at least 1; None means kernel_size.
        padding: elements of −∞ on each side of an axis, at most half of kernel_size.
        dilation: elements from one tap of a window to the next, at least 1.
        ceil_mode: whether a last window may reach beyond the padding. It must begin in x or in the padding before x.

    Raises:
        ValueError: PyTorch rejects the options, x is unbatched (unsupported), or an axis of x other than N is empty.
    """
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return over_windows(np.maximum, pad(x, pads, -np.inf), k, t, d)


@ieee
def backward(
    op: str, dy: Array, x: Array, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, {positions}) → dx (N, C, {cells}).

    The same as autograd's gradient of torch.nn.functional.{op}. x and the options are forward's.

    Raises:
        ValueError: forward would reject the call, or dy does not have y's shape.
    """
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode, dy)
    m = argmax(op, x, kernel_size=k, stride=t, padding=padding, dilation=d, ceil_mode=ceil_mode)
    dxp = np.zeros((*x.shape[:2], *padded_size(x.shape[2:], pads)), dy.dtype)
    apart = all(d * (k - 1) < t for k, t, d in zip(k, t, d, strict=True))
    for r, dx in enumerate(taps(gather(dxp, k, t, d, writeable=True))):
        if apart:  # no two windows overlap: dx is still 0 here
            dx[...] = only(m == r, dy)
        else:
            dx += only(m == r, dy)
    return (crop(dxp, pads),)


def argmax(
    op: str, x: Array, *, kernel_size: Ints, stride: Ints | None, padding: Ints, dilation: Ints, ceil_mode: bool
) -> Array:
    """x (N, C, {cells}) → m (N, C, {positions}): the index, in row order, of each window's maximum.

    It is an index into the window, and −1 where a window has only padding. PyTorch's return_indices are indices into x.
    The options are forward's, and all are required.

    Raises:
        ValueError: forward would reject the call.
    """
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    u = gather(pad(x, pads, -np.inf), k, t, d)
    inside = gather(pad(np.ones(x.shape[2:], bool), pads), k, t, d)
    inside = inside.reshape(prod(k), *inside.shape[len(k) :])
    count = np.min_scalar_type(-1 - prod(k))  # the smallest dtype for m + 1: its size decides the time
    m = np.where(inside.any(0), inside.argmax(0) + 1, 0).astype(count)  # m + 1 if all taps are −∞
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
    """Yield the first element (N, C, …) of all windows (N, C, …, …), then the second of all, …, in row order."""
    for tap in np.ndindex(u.shape[2 : u.ndim // 2 + 1]):
        yield u[(slice(None), slice(None), *tap)]
