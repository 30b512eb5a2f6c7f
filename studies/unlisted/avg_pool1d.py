"""Unlisted wrong derivations of average pooling along one axis."""

from typing import Any

from cnn_oracle.manual import avg_pool1d
from cnn_oracle.manual._geometry import per_axis
from cnn_oracle.manual._typing import Array


def stride_of_one_by_default(x: Array, *, stride: Any = None, **options: Any) -> Array:
    """stride is 1 by default; it must be kernel_size"""
    return avg_pool1d.forward(x, stride=1 if stride in (None, ()) else stride, **options)


def divided_by_the_positions(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx divides dy by the number of windows, not by the number of elements of a window"""
    (dx,) = avg_pool1d.backward(dy, x, **options)
    (k,) = per_axis("avg_pool1d", "kernel_size", options["kernel_size"], 1, 1)
    return (dx * (k / dy.shape[2]),)
