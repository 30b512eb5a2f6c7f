"""Wrong derivations of interpolation."""

from collections.abc import Callable
from typing import Any

import numpy as np

from cnn_oracle.manual import interpolate
from cnn_oracle.manual._axes import put, take
from cnn_oracle.manual._resample import Weighted, neighbours
from cnn_oracle.manual._typing import Array

Along = Callable[[int, int, float], Array]  # length of x, length of y, step between elements of y → their places in x


def corners_aligned_the_other_way(x: Array, **options: Any) -> Array:
    """align_corners is inverted: True and False are exchanged"""
    other = {"align_corners": not options.get("align_corners")} if options.get("mode") == "bilinear" else {}
    return interpolate.forward(x, **(options | other))


def half_pixels_left_out(x: Array, **options: Any) -> Array:
    """element j of y is sampled at j s; (j + ½) s − ½ is right"""
    return _linear(x, lambda n, m, s: np.arange(m) * s if m != n else np.arange(m) + 0.0, **options)


def not_clamped(x: Array, **options: Any) -> Array:
    """max(0, …) is missing: y is extrapolated before the centre of the first element"""
    return _linear(x, lambda n, m, s: (np.arange(m) + 0.5) * s - 0.5 if m != n else np.arange(m) + 0.0, **options)


def zero_beyond_the_border(x: Array, **options: Any) -> Array:
    """the element after the last is 0; it must be the last one again"""
    found = _neighbours(x, **options)
    return _mixed(x, [(a, i, np.where(i + 1 < x.shape[a], j, -1), w) for a, i, j, w in found])


def weights_exchanged(x: Array, **options: Any) -> Array:
    """the weights λ and 1 − λ are exchanged: the nearer element gets the smaller weight"""
    return _mixed(x, [(a, j, i, w) if w.any() else (a, i, j, w) for a, i, j, w in _neighbours(x, **options)])


def nearest_rounds(x: Array, **options: Any) -> Array:
    """nearest rounds j s to the nearest integer; it must round down"""
    return _nearest(x, lambda _, m, s: np.rint(np.arange(m) * s), **options)


def nearest_by_centres(x: Array, **options: Any) -> Array:
    """nearest takes the element ⌊(j + ½) s⌋, as nearest-exact does; ⌊j s⌋ is right"""
    return _nearest(x, lambda _, m, s: np.floor((np.arange(m) + 0.5) * s), **options)


def scale_of_the_sizes(x: Array, **options: Any) -> Array:
    """s is n/m, the ratio of the sizes, although scale_factor is given; 1/scale_factor is right"""
    recomputed = {"recompute_scale_factor": True} if options.get("scale_factor") is not None else {}
    return interpolate.forward(x, **(options | recomputed))


def corners_of_a_broken_length(x: Array, **options: Any) -> Array:
    """align_corners uses the length n · scale_factor of y, which must be rounded down first"""
    if options.get("mode") != "bilinear" or not options.get("align_corners") or options.get("scale_factor") is None:
        return interpolate.forward(x, **options)
    places = [(a, n, np.arange(m) * ((n - 1) / max(n / s - 1, 1)) if m != n else np.arange(m) + 0.0)
              for a, n, m, s in _axes(x, **options)]  # fmt: skip
    return _mixed(x, [_at(*place) for place in places])


def resampled_back(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is dy interpolated to x's size; dy must be scattered with the forward's weights"""
    kept = {n: options[n] for n in ("mode", "align_corners") if n in options}
    return (interpolate.forward(dy, size=x.shape[2:], **kept),)


def scatter_overwrites(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is assigned (=) where several elements of y read one element of x, not added (+=)"""
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
    """dx is divided by the sum of the weights: a weighted mean of dy, not a weighted sum"""
    (dx,) = interpolate.backward(dy, x, **options)
    for axis, i, j, w in _neighbours(x, **options):
        n = x.shape[axis]
        count = put(1 - w, i, 0, n) + put(w, j, 0, n)
        dx = dx / np.where(count, count, 1).astype(dx.dtype).reshape(-1, *(1 for _ in range(x.ndim - axis - 1)))
    return (dx,)


def _linear(x: Array, along: Along, **options: Any) -> Array:
    """Bilinear without aligned corners at other places; all else is right."""
    if options.get("mode") != "bilinear" or options.get("align_corners"):
        return interpolate.forward(x, **options)
    return _mixed(x, [_at(axis, n, along(n, m, s)) for axis, n, m, s in _axes(x, **options)])


def _at(axis: int, n: int, place: Array) -> tuple[int, Array, Array, Array]:
    """The two elements of an axis of length n next to each place, and the second one's weight."""
    i = np.clip(place.astype(int), 0, n - 1)
    return axis, i, np.minimum(i + 1, n - 1), np.minimum(place - i, 1)


def _nearest(x: Array, along: Along, **options: Any) -> Array:
    """Nearest at other places; all else is right."""
    if options.get("mode", "nearest") != "nearest":
        return interpolate.forward(x, **options)
    for axis, n, m, s in _axes(x, **options):
        x = np.take(x, np.minimum(along(n, m, s).astype(int), n - 1), axis)
    return x.copy()


def _axes(x: Array, **options: Any) -> list[tuple[int, int, int, float]]:
    """Each spatial axis, its length in x and in y, and the distance in x of two adjacent elements of y."""
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
