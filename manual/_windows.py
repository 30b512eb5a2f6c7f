"""The linear maps that convolution and pooling are made of, each with its adjoint: ⟨A u, v⟩ = ⟨u, Aᵀ v⟩.

pad     x̄[…,i]     = x[…,i − lo], a constant outside           crop     x[…,i] = x̄[…,i + lo]
gather  u[…,r,…,p] = x̄[…,p·t + r·d]                            scatter  x̄[…,i] = Σ u[…,r,…,p] over p·t + r·d = i

One spatial axis is written here; every function takes any number of them, the last axes of the array: all the taps
r, s, … stand before all the positions p, q, … .   t stride, d dilation.

What a large array is made of is moved in long rows where that can be: for short ones NumPy takes longer than for their
cells. So gather and scatter go one axis after another, and only one of them meets the short rows of single windows.
"""

from operator import mul
from typing import Any

import numpy as np

from manual._geometry import Pads, Shape, output_size, padded_size
from manual._typing import Array


def pad(x: Array, padding: Pads, value: float = 0) -> Array:
    """Put ``lo`` cells of ``value`` before and ``hi`` behind each spatial axis."""
    if not any(map(any, padding)):
        return x
    lead = x.ndim - len(padding)
    xp = np.full((*x.shape[:lead], *padded_size(x.shape[lead:], padding)), value, x.dtype)
    crop(xp, padding)[...] = x
    return xp


def crop(xp: Array, padding: Pads) -> Array:
    """The adjoint of ``pad``: a view without the padding."""
    size = xp.shape[xp.ndim - len(padding) :]
    x: Array = xp[cells(slice(lo, n - hi) for n, (lo, hi) in zip(size, padding, strict=True))]
    return x


def gather(x: Array, kernel: Shape, stride: Shape, dilation: Shape, writeable: bool = False) -> Array:
    """All windows of (…, H, W) as a view (…, R, S, P, Q). Two windows may share a cell; the cells of one tap do not."""
    lead = x.ndim - len(kernel)
    positions, step = map(output_size, x.shape[lead:], kernel, stride, dilation), x.strides[lead:]
    shape = (*x.shape[:lead], *kernel, *positions)
    strides = (*x.strides[:lead], *map(mul, step, dilation), *map(mul, step, stride))
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=writeable)


def over_windows(combine: np.ufunc, x: Array, kernel: Shape, stride: Shape, dilation: Shape) -> Array:
    """All cells of each window combined, by addition, say: (…, H, W) → (…, P, Q), one axis after another."""
    for axis, (k, t, d) in enumerate(zip(kernel, stride, dilation, strict=True), -len(kernel)):
        p = output_size(x.shape[axis], k, t, d)
        every = [slice(None)] * (-axis - 1)
        first, *rest = (x[cells((slice(r * d, r * d + (p - 1) * t + 1, t), *every))] for r in range(k))
        x = combine(first, rest[0]) if rest else first.copy()
        for tap in rest[1:]:
            combine(x, tap, out=x)
    return x


def columns(x: Array, kernel: Shape, stride: Shape, dilation: Shape) -> Array:
    """``gather`` as an array of its own, in the order in which a sum over windows reads it.

    (C, N, H, W) → (C, R, S, N, P, Q). The last axis is first: its S taps are copied in rows of Q, all R·S of P·Q.
    """
    for axis, (k, t, d) in enumerate(list(zip(kernel, stride, dilation, strict=True))[::-1], 1):
        shape, strides, step = list(x.shape), list(x.strides), x.strides[-axis]
        shape[-axis], strides[-axis] = output_size(shape[-axis], k, t, d), step * t
        shape.insert(1, k)
        strides.insert(1, step * d)
        x = np.ascontiguousarray(np.lib.stride_tricks.as_strided(x, shape, strides))
    return x


def scatter(u: Array, size: Shape, stride: Shape, dilation: Shape) -> Array:
    """The adjoint of ``gather``: add each window's cells (…, R, S, P, Q) to where they came from, (…, H, W)."""
    lead = u.ndim - 2 * len(size)
    for axis, (n, t, d) in enumerate(zip(size, stride, dilation, strict=True), -len(size)):
        taps = np.moveaxis(u, lead, 0)
        p = taps.shape[axis]
        x = np.zeros((*taps.shape[1 : taps.ndim + axis], n, *taps.shape[taps.ndim + axis + 1 :]), u.dtype)
        for r, tap in enumerate(taps):
            place = cells((slice(r * d, r * d + (p - 1) * t + 1, t), *[slice(None)] * (-axis - 1)))
            if r == 0 or t > d * (len(taps) - 1):  # nothing is there yet, or no two windows meet
                x[place] = tap
            elif axis < -1:
                x[place] += tap
            else:  # short rows are copied sooner than added
                moved = np.zeros_like(x)
                moved[place] = tap
                x += moved
        u = x
    return u


def cells(last: Any) -> Any:
    """An index into the last axes."""
    return (..., *last)
