"""The linear maps that convolution and pooling are made of, each with its adjoint: ⟨A u, v⟩ = ⟨u, Aᵀ v⟩.

pad     x̄[…,i]     = x[…,i − lo], a constant outside           crop     x[…,i] = x̄[…,i + lo]
gather  u[…,r,…,p] = x̄[…,p·t + r·d]                            scatter  x̄[…,i] = Σ u[…,r,…,p] over p·t + r·d = i

These are the formulas for one spatial axis. Every function takes any number of them, the last axes of the array: all
taps r, s, … come before all positions p, q, … .   t stride, d dilation.

Large arrays are moved in long rows where possible: for short rows, NumPy's overhead exceeds the time for their
elements. So gather and scatter go one axis after another, and only one axis has the short rows of single windows.
"""

from operator import mul
from typing import Any

import numpy as np

from ._geometry import Pads, Shape, output_size, padded_size
from ._typing import Array


def pad(x: Array, padding: Pads, value: float = 0) -> Array:
    """Add ``lo`` elements of ``value`` before and ``hi`` behind each spatial axis."""
    if not any(map(any, padding)):
        return x
    lead = x.ndim - len(padding)
    xp = np.empty((*x.shape[:lead], *padded_size(x.shape[lead:], padding)), x.dtype)
    xp.fill(value)
    crop(xp, padding)[...] = x
    return xp


def crop(xp: Array, padding: Pads) -> Array:
    """The adjoint of ``pad``: a view without the padding."""
    size = xp.shape[xp.ndim - len(padding) :]
    x: Array = xp[cells(slice(lo, n - hi) for n, (lo, hi) in zip(size, padding, strict=True))]
    return x


def gather(x: Array, kernel: Shape, stride: Shape, dilation: Shape, writeable: bool = False) -> Array:
    """All windows of (…, H, W) as a view (…, R, S, P, Q). Windows may overlap; the elements of one tap are distinct."""
    lead = x.ndim - len(kernel)
    positions, step = map(output_size, x.shape[lead:], kernel, stride, dilation), x.strides[lead:]
    shape = (*x.shape[:lead], *kernel, *positions)
    strides = (*x.strides[:lead], *map(mul, step, dilation), *map(mul, step, stride))
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=writeable)


def over_windows(combine: np.ufunc, x: Array, kernel: Shape, stride: Shape, dilation: Shape) -> Array:
    """Combine all elements of each window, e.g. by ``np.add``: (…, H, W) → (…, P, Q), one axis after another."""
    for axis, (k, t, d) in enumerate(zip(kernel, stride, dilation, strict=True), -len(kernel)):
        p = output_size(x.shape[axis], k, t, d)
        first, *rest = (x[tap(axis, r, p, t, d)] for r in range(k))
        x = combine(first, rest[0]) if rest else first.copy()
        for cell in rest[1:]:
            combine(x, cell, out=x)
    return x


def columns(x: Array, kernel: Shape, stride: Shape, dilation: Shape) -> Array:
    """``gather`` as a copy, in the order in which a sum over windows reads it.

    (C, N, H, W) → (C, R, S, N, P, Q). The last axis is first: its S taps are copied in rows of Q, all R·S in P·Q.
    """
    for axis, (k, t, d) in enumerate(list(zip(kernel, stride, dilation, strict=True))[::-1], 1):
        p = output_size(x.shape[-axis], k, t, d)
        u = np.empty((x.shape[0], k, *x.shape[1:-axis], p, *x.shape[x.ndim - axis + 1 :]), x.dtype)
        for r in range(k):
            u[:, r] = x[tap(-axis, r, p, t, d)]
        x = u
    return x


def scatter(u: Array, size: Shape, stride: Shape, dilation: Shape) -> Array:
    """The adjoint of ``gather``: add the elements of each window (…, R, S, P, Q) to their sources, (…, H, W)."""
    lead: Any = (slice(None),) * (u.ndim - 2 * len(size))
    for axis, (n, t, d) in enumerate(zip(size, stride, dilation, strict=True), -len(size)):
        k, p = u.shape[len(lead)], u.shape[axis]
        x = np.zeros((*u.shape[: len(lead)], *u.shape[len(lead) + 1 : axis], n, *u.shape[u.ndim + axis + 1 :]), u.dtype)
        for r in range(k):
            place, cell = tap(axis, r, p, t, d), u[*lead, r]
            if r == 0 or t > d * (k - 1):  # still 0 there, or no two windows overlap
                x[place] = cell
            elif axis < -1:
                x[place] += cell
            else:  # short rows are faster to copy than to add
                moved = np.zeros(x.shape, x.dtype)
                moved[place] = cell
                x += moved
        u = x
    return u


def tap(axis: int, r: int, p: int, t: int, d: int) -> Any:
    """An index of the r-th elements of p windows along an axis, which is counted from the last, −1."""
    return (..., slice(r * d, r * d + (p - 1) * t + 1, t), *(slice(None),) * (-axis - 1))


def cells(last: Any) -> Any:
    """An index into the last axes."""
    return (..., *last)
