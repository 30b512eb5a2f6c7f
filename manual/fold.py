"""Columns added back to an image: the adjoint of unfold, so each is the other's gradient.   y = crop(scatter(x))"""

from math import prod

from ._errors import invalid
from ._floats import ieee
from ._geometry import Pads, Shape, padded_size, per_axis, windows_of_image
from ._typing import Array, Ints
from ._windows import crop, gather, pad, scatter


@ieee
def forward(
    x: Array, *, output_size: Ints, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
) -> Array:
    """x (N, C·R·S, L) → y (N, C, *output_size); arguments as in torch's fold.

    Raises:
        ValueError: x does not have the windows that the geometry requires, or is unbatched (unsupported).
    """
    image, k, d, t, pads, p = _geometry(x, output_size, kernel_size, dilation, padding, stride)
    return crop(scatter(x.reshape(*image[:2], *k, *p), padded_size(image[2:], pads), t, d), pads)


def backward(
    dy: Array, x: Array, *,
    output_size: Ints, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, *output_size) → dx (N, C·R·S, L)."""
    image, k, d, t, pads, _ = _geometry(x, output_size, kernel_size, dilation, padding, stride)
    if dy.shape != image:
        raise invalid("fold", f"dy must have y's shape {image}", dy=dy, x=x)
    return (gather(pad(dy, pads), k, t, d).reshape(x.shape).copy(),)


def _geometry(
    x: Array, output_size: Ints, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints
) -> tuple[Shape, Shape, Shape, Shape, Pads, Shape]:
    """y's shape, and the geometry of its windows as for unfold."""
    size, k = per_axis("fold", "output_size", output_size, 2, 1), per_axis("fold", "kernel_size", kernel_size, 2, 1)
    if x.ndim != 3:
        raise invalid("fold", f"x must be (N, C·{prod(k)}, L)", x=x, kernel_size=kernel_size)
    image = (len(x), x.shape[1] // prod(k), *size)
    return image, *windows_of_image("fold", image, size, kernel_size, dilation, padding, stride, columns=x)
