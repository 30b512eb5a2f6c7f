"""Unlisted wrong derivations of average pooling of volumes."""

from typing import Any

from cnn_oracle.manual import avg_pool3d
from cnn_oracle.manual._geometry import per_axis
from cnn_oracle.manual._typing import Array


def depth_left_out_of_the_divisor(x: Array, **options: Any) -> Array:
    """sums are divided by height times width of a window: the factor depth is missing"""
    y = avg_pool3d.forward(x, **options)
    return y if options.get("divisor_override") else y * _depth(options)


def accumulator_not_reset(x: Array, **options: Any) -> Array:
    """the sum is not set to 0 for the next channel, so each channel of y contains all before it"""
    return avg_pool3d.forward(x, **options).cumsum(1)


def dy_of_the_first_window(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """every window shares out the dy of the first window"""
    first = dy.copy()
    first[...] = dy[:, :, :1, :1, :1]
    return avg_pool3d.backward(first, x, **options)


def _depth(options: dict[str, Any]) -> int:
    return per_axis("avg_pool3d", "kernel_size", options["kernel_size"], 3, 1)[0]
