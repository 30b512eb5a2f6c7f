"""Resizing: each element of y is the nearest element of x, or a mean of the two nearest along each axis.

nearest    y[…,j,…] = x[…,i(j),…]                       i(j) = ⌊j s⌋
bilinear   y[…,j,…] = (1 − λ) x[…,i,…] + λ x[…,i+1,…]    i + λ = max(0, (j + ½) s − ½); align_corners: j (n−1)/(m−1)

The gradient adds dy, with the same weights, to the elements that y is computed from. i and i+1 are at most n − 1. The
scale s is n/m, the size of x over that of y, or 1/scale_factor if that is given without recompute_scale_factor. This is
done axis by axis, so bilinear weights four elements of x.
"""

from ._axes import put, take
from ._errors import invalid
from ._floats import ieee
from ._resample import Scale, neighbours
from ._typing import Array, Ints


@ieee
def forward(
    x: Array, *, size: Ints | None = None, scale_factor: Scale = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> Array:  # fmt: skip
    """x (N, C, …) → y (N, C, …) of ``size`` or scaled; bilinear only for images.

    Other modes are unsupported, and so is antialias.

    Raises:
        ValueError: not exactly one of size and scale_factor, another mode, or an empty axis.
    """
    y = x
    for axis, i, j, weight in neighbours(x, size, scale_factor, mode, align_corners, recompute_scale_factor):
        w = _along(weight, axis, y)
        y = take(y, i, axis) if mode == "nearest" else take(y, i, axis) * (1 - w) + take(y, j, axis) * w
    return y


@ieee
def backward(
    dy: Array, x: Array, *, size: Ints | None = None, scale_factor: Scale = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> tuple[Array]:  # fmt: skip
    """dy of y's shape → dx of x's shape."""
    found = neighbours(x, size, scale_factor, mode, align_corners, recompute_scale_factor)
    shape = (*x.shape[:2], *(len(i) for _, i, _, _ in found))
    if dy.shape != shape:
        raise invalid("interpolate", f"dy must have y's shape {shape}", dy=dy, x=x)
    dx = dy
    for axis, i, j, weight in reversed(found):
        w, n = _along(weight, axis, dx), x.shape[axis]
        dx = put(dx, i, axis, n) if mode == "nearest" else put(dx * (1 - w), i, axis, n) + put(dx * w, j, axis, n)
    return (dx,)


def _along(weight: Array, axis: int, x: Array) -> Array:
    return weight.astype(x.dtype).reshape(len(weight), *(1 for _ in range(x.ndim - axis - 1)))
