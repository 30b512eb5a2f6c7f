"""Wrong derivations of interpolation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_oracle.manual import interpolate
from cnn_oracle.manual._axes import put, take
from cnn_oracle.manual._resample import Weighted, neighbours
from cnn_oracle.manual._typing import Array

Along = Callable[[int, int, float], Array]  # n cells of x, m of y, the step between two of y → where these lie in x


def corners_aligned_the_other_way(x: Array, **options: Any) -> Array:
    """align_corners is taken the wrong way round"""
    other = {"align_corners": not options.get("align_corners")} if options.get("mode") == "bilinear" else {}
    return interpolate.forward(x, **(options | other))


def half_pixels_left_out(x: Array, **options: Any) -> Array:
    """cell j of y lies at j s, where half a pixel is to be added and taken away: (j + ½) s − ½"""
    return _linear(x, lambda n, m, s: np.arange(m) * s if m != n else np.arange(m) + 0.0, **options)


def not_clamped(x: Array, **options: Any) -> Array:
    """max(0, …) is left out: cells before the first one's centre are extrapolated"""
    return _linear(x, lambda n, m, s: (np.arange(m) + 0.5) * s - 0.5 if m != n else np.arange(m) + 0.0, **options)


def zero_beyond_the_border(x: Array, **options: Any) -> Array:
    """the cell behind the last one is 0, where it is the last one again"""
    found = _neighbours(x, **options)
    return _mixed(x, [(a, i, np.where(i + 1 < x.shape[a], j, -1), w) for a, i, j, w in found])


def weights_exchanged(x: Array, **options: Any) -> Array:
    """the nearer of two neighbours is given the smaller weight: λ and 1 − λ have changed places"""
    return _mixed(x, [(a, j, i, w) if w.any() else (a, i, j, w) for a, i, j, w in _neighbours(x, **options)])


def nearest_rounds(x: Array, **options: Any) -> Array:
    """nearest rounds j s to the nearest integer, where it cuts off"""
    return _nearest(x, lambda _, m, s: np.rint(np.arange(m) * s), **options)


def nearest_by_centres(x: Array, **options: Any) -> Array:
    """nearest takes the cell under the centre, ⌊(j + ½) s⌋, as PyTorch's nearest-exact does"""
    return _nearest(x, lambda _, m, s: np.floor((np.arange(m) + 0.5) * s), **options)


def scale_of_the_sizes(x: Array, **options: Any) -> Array:
    """s is n/m though scale_factor is given, which says 1/s itself"""
    recomputed = {"recompute_scale_factor": True} if options.get("scale_factor") is not None else {}
    return interpolate.forward(x, **(options | recomputed))


def corners_of_a_broken_length(x: Array, **options: Any) -> Array:
    """aligned corners are n · scale_factor − 1 steps apart, though y has only ⌊n · scale_factor⌋ cells"""
    if options.get("mode") != "bilinear" or not options.get("align_corners") or options.get("scale_factor") is None:
        return interpolate.forward(x, **options)
    places = [(a, n, np.arange(m) * ((n - 1) / max(n / s - 1, 1)) if m != n else np.arange(m) + 0.0)
              for a, n, m, s in _axes(x, **options)]  # fmt: skip
    return _mixed(x, [_at(*place) for place in places])


def resampled_back(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is dy interpolated to x's size, where each weight is to be put back"""
    kept = {n: options[n] for n in ("mode", "align_corners") if n in options}
    return (interpolate.forward(dy, size=x.shape[2:], **kept),)


def scatter_overwrites(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is assigned (=) where several cells of y come from one of x, not added (+=)"""
    dx = dy
    for axis, i, j, w in reversed(_neighbours(x, **options)):
        part = np.zeros((*dx.shape[:axis], x.shape[axis], *dx.shape[axis + 1 :]), dy.dtype)
        along = np.moveaxis(part, axis, 0)
        for k in range(len(i)):
            cell, share = np.moveaxis(dx, axis, 0)[k], dy.dtype.type(w[k])
            along[i[k]] = (1 - share) * cell
            if share:
                along[j[k]] = share * cell + (along[j[k]] if i[k] == j[k] else 0)
        dx = part
    return (dx.copy(),)


def shared_out(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is divided by how many cells of y came from one of x: their mean, not their sum"""
    (dx,) = interpolate.backward(dy, x, **options)
    for axis, i, j, w in _neighbours(x, **options):
        n = x.shape[axis]
        count = put(1 - w, i, 0, n) + put(w, j, 0, n)
        dx = dx / np.where(count, count, 1).astype(dx.dtype).reshape(-1, *(1 for _ in range(x.ndim - axis - 1)))
    return (dx,)


def _linear(x: Array, along: Along, **options: Any) -> Array:
    """bilinear without aligned corners by other places, all else right."""
    if options.get("mode") != "bilinear" or options.get("align_corners"):
        return interpolate.forward(x, **options)
    return _mixed(x, [_at(axis, n, along(n, m, s)) for axis, n, m, s in _axes(x, **options)])


def _at(axis: int, n: int, place: Array) -> tuple[int, Array, Array, Array]:
    """The two cells of an axis of n that are next to each place, and the second one's weight."""
    i = np.clip(place.astype(int), 0, n - 1)
    return axis, i, np.minimum(i + 1, n - 1), np.minimum(place - i, 1)


def _nearest(x: Array, along: Along, **options: Any) -> Array:
    """nearest by other places, all else right."""
    if options.get("mode", "nearest") != "nearest":
        return interpolate.forward(x, **options)
    for axis, n, m, s in _axes(x, **options):
        x = np.take(x, np.minimum(along(n, m, s).astype(int), n - 1), axis)
    return x.copy()


def _axes(x: Array, **options: Any) -> list[tuple[int, int, int, float]]:
    """Each spatial axis, its cells in x and in y, and how far two cells of y lie apart in x."""
    factor = None if options.get("recompute_scale_factor") else options.get("scale_factor")
    factors = factor if isinstance(factor, (tuple, list)) else (factor,) * (x.ndim - 2)
    sizes = [(axis, x.shape[axis], len(i)) for axis, i, _, _ in _neighbours(x, **options)]
    return [(axis, n, m, 1 / f if f else n / m) for (axis, n, m), f in zip(sizes, factors, strict=True)]


def _mixed(x: Array, found: Weighted) -> Array:
    for axis, i, j, w in found:
        weight = w.astype(x.dtype).reshape(-1, *(1 for _ in range(x.ndim - axis - 1)))
        x = take(x, i, axis) * (1 - weight) + take(x, j, axis) * weight
    return x.copy()


def _neighbours(
    x: Array, *, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> Weighted:  # fmt: skip
    return neighbours(x, size, scale_factor, mode, align_corners, recompute_scale_factor)
