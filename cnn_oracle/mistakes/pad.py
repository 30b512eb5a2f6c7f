"""Wrong derivations of padding."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_oracle.manual import pad as right
from cnn_oracle.manual._axes import take
from cnn_oracle.manual._border import index
from cnn_oracle.manual._typing import Array

Index = Callable[[int, int, int], Array]


def edge_reflected(x: Array, **options: Any) -> Array:
    """reflect repeats the element at the edge, as NumPy's symmetric does"""

    def symmetric(n: int, lo: int, hi: int) -> Array:
        j = np.arange(-lo, n + hi)
        return np.where(j < 0, -j - 1, np.where(j < n, j, 2 * n - 1 - j))

    return _by("reflect", symmetric, x, **options)


def edge_left_out(x: Array, **options: Any) -> Array:
    """replicate mirrors the elements next to the edge, as reflect does; it must repeat the edge"""

    def mirrored(n: int, lo: int, hi: int) -> Array:
        return np.clip(index("reflect", n, lo, hi), 0, n - 1)

    return _by("replicate", mirrored, x, **options)


def wrapped_to_the_near_end(x: Array, **options: Any) -> Array:
    """circular copies the first elements to the front and the last to the end; the sides must be exchanged"""

    def near(n: int, lo: int, hi: int) -> Array:
        j = np.arange(-lo, n + hi)
        wrapped = np.where(j < 0, j + lo, np.where(j < n, j, j - hi))
        return wrapped if min(lo, hi) >= 0 else index("circular", n, lo, hi)

    return _by("circular", near, x, **options)


def wrapped_one_element_too_far(x: Array, **options: Any) -> Array:
    """circular skips one element at each end: the copies must begin next to the edge"""

    def far(n: int, lo: int, hi: int) -> Array:
        j = np.arange(-lo, n + hi)
        wrapped = np.where(j < 0, j - 1, np.where(j < n, j, j + 1)) % n
        return wrapped if min(lo, hi) >= 0 else index("circular", n, lo, hi)

    return _by("circular", far, x, **options)


def first_axis_first(x: Array, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Array:
    """the pairs of pad begin with the first axis, as in np.pad; they must begin with the last"""
    reversed_pairs = tuple(p for pair in reversed(_pairs(pad)) for p in pair)
    return _padded(x, reversed_pairs, mode, value)


def sides_exchanged(x: Array, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Array:
    """the pairs of pad are read as (end, front); (front, end) is right"""
    return _padded(x, tuple(p for lo, hi in _pairs(pad) for p in (hi, lo)), mode, value)


def value_ignored(x: Array, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Array:
    """value is ignored: the constant is 0"""
    return right.forward(x, pad=pad, mode=mode)


def copies_not_counted(dy: Array, x: Array, *, pad: tuple[int, ...], **options: Any) -> tuple[Array]:
    """dx is dy without its border: the gradients of the copied elements are not added"""
    return right.backward(dy, x, pad=pad)


def copies_overwrite(dy: Array, x: Array, *, pad: tuple[int, ...], mode: str = "constant", **_: Any) -> tuple[Array]:
    """dx is assigned (=) where several elements of y are copies of one element of x, not added (+=)"""
    dx = dy
    for (lo, hi), axis in [*zip(_pairs(pad), range(x.ndim - 1, -1, -1), strict=False)][::-1]:
        i = index(mode, x.shape[axis], lo, hi)
        put = np.zeros((*dx.shape[:axis], x.shape[axis], *dx.shape[axis + 1 :]), dy.dtype)
        np.moveaxis(put, axis, 0)[i[i >= 0]] = np.moveaxis(dx, axis, 0)[i >= 0]
        dx = put
    return (dx.copy(),)


def _pairs(pad: tuple[int, ...]) -> list[tuple[int, int]]:
    return list(zip(pad[::2], pad[1::2], strict=True))


def _by(
    wrong: str, index: Index, x: Array, *, pad: tuple[int, ...], mode: str = "constant", value: float | None = None
) -> Array:
    """Pad by another index in the mode ``wrong``; all other modes are right."""
    if mode != wrong:
        return right.forward(x, pad=pad, mode=mode, value=value)
    for (lo, hi), axis in zip(_pairs(pad), range(x.ndim - 1, -1, -1), strict=False):
        x = take(x, index(x.shape[axis], lo, hi), axis)
    return x.copy()


def _padded(x: Array, pad: tuple[int, ...], mode: str, value: float | None) -> Array:
    """As ``forward``, but an index that is out of range is clipped to the nearest element."""
    y = x.copy()
    for (lo, hi), axis in zip(_pairs(pad), range(x.ndim - 1, -1, -1), strict=False):
        i = index(mode, x.shape[axis], lo, hi)
        y = take(y, i if mode == "constant" else np.clip(i, 0, x.shape[axis] - 1), axis)
        if mode == "constant":
            np.moveaxis(y, axis, 0)[i < 0] = value or 0
    return y
