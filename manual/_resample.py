"""The geometry of interpolate: the elements of x that an element of y is computed from, and their weights."""

from typing import Any

import numpy as np

from ._errors import invalid
from ._typing import Array, Ints

Weighted = list[tuple[int, Array, Array, Array]]  # axis, i, i+1, λ
Scale = float | tuple[float, ...] | None


def neighbours(
    x: Array, size: Ints | None, scale_factor: Scale, mode: str, align_corners: bool | None, recompute: bool | None
) -> Weighted:
    """For each spatial axis, the two elements of x for each element of y, and the weight of the second.

    Raises:
        ValueError: the mode is unsupported, the options do not fit x or each other, or an axis of x or y is empty.
    """
    op, rank = "interpolate", x.ndim - 2
    if mode not in ("nearest", "bilinear") or not 1 <= rank <= 3 or (mode == "bilinear" and rank != 2):
        raise invalid(op, "mode must be 'nearest' or, for (N, C, H, W), 'bilinear'", x=x, mode=mode)
    if (size is None) == (scale_factor is None) or (recompute and scale_factor is None):
        raise invalid(op, "give size or scale_factor, one of them", x=x, size=size, scale_factor=scale_factor)
    if align_corners is not None and mode == "nearest":
        raise invalid(op, "align_corners is for modes that interpolate", mode=mode, align_corners=align_corners)
    given: Any = size if scale_factor is None else scale_factor
    each = given if isinstance(given, (tuple, list)) else (given,) * rank
    if len(each) != rank:
        raise invalid(op, f"x has {rank} spatial axes", x=x, size=size, scale_factor=scale_factor)
    cells = each if scale_factor is None else [int(np.floor(n * f)) for n, f in zip(x.shape[2:], each, strict=True)]
    if 0 in x.shape[1:] or min(cells) < 1:
        raise invalid(op, "of x only the batch may be empty, of y no axis", x=x, size=size, scale_factor=scale_factor)
    steps = [1 / f for f in each] if scale_factor is not None and not recompute else [None] * rank
    axes = zip(range(2, x.ndim), x.shape[2:], cells, steps, strict=True)
    bilinear = _aligned if align_corners else _linear
    nearest = _nearest_of_images if rank == 2 else _nearest
    along = nearest if mode == "nearest" else bilinear
    copied = mode == "bilinear"
    return [(axis, *(_copied(n) if copied and m == n else along(n, m, step))) for axis, n, m, step in axes]


def _copied(n: int) -> tuple[Array, Array, Array]:
    """An axis that keeps its size. PyTorch reads no second element, whatever the scale factor: 0 · ∞ would be NaN."""
    return np.arange(n), np.arange(n), np.zeros(n)


def _nearest(n: int, m: int, step: float | None) -> tuple[Array, Array, Array]:
    """PyTorch computes j s in float32, whatever the dtype of x."""
    i = np.floor(np.arange(m, dtype=np.float32) * _float32(n, m, step)).astype(int)
    return i, i, np.zeros(m)


def _nearest_of_images(n: int, m: int, step: float | None) -> tuple[Array, Array, Array]:
    """Only for images (N, C, H, W), a scale that results in m = n or m = 2 n counts as exactly 1 or 2."""
    if m not in (n, 2 * n):
        return _nearest(n, m, step)
    i = np.arange(m) // (m // n)
    return i, i, np.zeros(m)


def _float32(n: int, m: int, step: float | None) -> np.float32:
    return np.float32(n) / np.float32(m) if step is None else np.float32(step)


def _linear(n: int, m: int, step: float | None) -> tuple[Array, Array, Array]:
    j = np.arange(m)
    return _pair(np.maximum((j + 0.5) * (n / m if step is None else step) - 0.5, 0), n)


def _aligned(n: int, m: int, _: float | None) -> tuple[Array, Array, Array]:
    return _pair(np.arange(m) * ((n - 1) / max(m - 1, 1)), n)


def _pair(source: Array, n: int) -> tuple[Array, Array, Array]:
    i = source.astype(int)
    return i, np.minimum(i + 1, n - 1), source - i
