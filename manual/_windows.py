"""The linear maps that convolution and pooling are made of, each with its adjoint: ⟨A u, v⟩ = ⟨u, Aᵀ v⟩.

pad     x̄[…,i]     = x[…,i − lo], a constant outside           crop     x[…,i] = x̄[…,i + lo]
gather  u[…,r,…,p] = x̄[…,p·t + r·d]                            scatter  x̄[…,i] = Σ u[…,r,…,p] over p·t + r·d = i

One spatial axis is written here; every function takes any number of them, the last axes of the array: all the taps
r, s, … stand before all the positions p, q, … .   t stride, d dilation.
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


def gather(x: Array, kernel: Shape, stride: Shape, dilation: Shape) -> Array:
    """All windows of (…, H, W) as a read-only view (…, R, S, P, Q)."""
    lead = x.ndim - len(kernel)
    positions, step = map(output_size, x.shape[lead:], kernel, stride, dilation), x.strides[lead:]
    shape = (*x.shape[:lead], *kernel, *positions)
    strides = (*x.strides[:lead], *map(mul, step, dilation), *map(mul, step, stride))
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=False)


def scatter(u: Array, size: Shape, stride: Shape, dilation: Shape) -> Array:
    """The adjoint of ``gather``: add each window's cells (…, R, S, P, Q) to where they came from, (…, H, W)."""
    rank, every = len(size), slice(None)
    positions = u.shape[u.ndim - rank :]
    x = np.zeros((*u.shape[: u.ndim - 2 * rank], *size), u.dtype)
    for tap in np.ndindex(*u.shape[u.ndim - 2 * rank : u.ndim - rank]):
        begin = tuple(map(mul, tap, dilation))
        reached = (slice(i, i + (p - 1) * t + 1, t) for i, p, t in zip(begin, positions, stride, strict=True))
        x[cells(reached)] += u[cells((*tap, *[every] * rank))]
    return x


def cells(last: Any) -> Any:
    """An index into the last axes."""
    return (..., *last)
