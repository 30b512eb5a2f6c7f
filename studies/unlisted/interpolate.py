"""Unlisted wrong derivations of interpolation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import interpolate
from cnn_oracle.manual._axes import take
from cnn_oracle.manual._resample import neighbours
from cnn_oracle.manual._typing import Array


def scale_of_the_rows(x: Array, **options: Any) -> Array:
    """bilinear samples columns at distances of the rows' scale, n/m, where the sizes change by unlike factors"""
    found = _neighbours(x, **options)
    if options.get("mode") != "bilinear" or options.get("align_corners") or options.get("scale_factor") is not None:
        return interpolate.forward(x, **options)
    (_, i, _, _), (_, j, _, _) = found
    scale, n = x.shape[2] / len(i), x.shape[3]
    place = np.clip((np.arange(len(j)) + 0.5) * scale - 0.5, 0, n - 1)
    first = place.astype(int)
    y = x
    for axis, low, high, share in (found[0], (3, first, np.minimum(first + 1, n - 1), place - first)):
        w = share.astype(x.dtype).reshape(-1, *(1 for _ in range(x.ndim - axis - 1)))
        y = take(y, low, axis) * (1 - w) + take(y, high, axis) * w
    return y


def nearest_rounds_up(x: Array, **options: Any) -> Array:
    """nearest takes element ⌈j s⌉, where there is one; ⌊j s⌋ is right"""
    if options.get("mode", "nearest") != "nearest":
        return interpolate.forward(x, **options)
    factor = None if options.get("recompute_scale_factor") else options.get("scale_factor")
    factors = factor if isinstance(factor, (tuple, list)) else (factor,) * (x.ndim - 2)
    y = x
    for (axis, i, _, _), f in zip(_neighbours(x, **options), factors, strict=True):
        n, m = x.shape[axis], len(i)
        y = np.take(y, np.minimum(np.ceil(np.arange(m) * (1 / f if f else n / m)).astype(int), n - 1), axis)
    return y.copy()


def first_neighbour_alone_in_dx(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """in bilinear dx the share λ of the second neighbour is dropped"""
    found = _neighbours(x, **options)
    dx = dy
    for axis, i, _, share in reversed(found):
        w = share.astype(x.dtype).reshape(-1, *(1 for _ in range(x.ndim - axis - 1)))
        part = np.zeros((*dx.shape[:axis], x.shape[axis], *dx.shape[axis + 1 :]), dy.dtype)
        np.add.at(np.moveaxis(part, axis, 0), i, np.moveaxis(dx * (1 - w), axis, 0))
        dx = part
    return (dx,)


def _neighbours(
    x: Array, *, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> Any:  # fmt: skip
    return neighbours(x, size, scale_factor, mode, align_corners, recompute_scale_factor)
