"""Unlisted wrong derivations of average pooling of images."""

from typing import Any

from cnn_oracle.manual import avg_pool2d
from cnn_oracle.manual._typing import Array


def divisor_override_left_out_of_dx(
    dy: Array, x: Array, *, divisor_override: int | None = None, **options: Any
) -> tuple[Array]:
    """dx ignores divisor_override"""
    return avg_pool2d.backward(dy, x, **options)


def stride_read_as_columns_and_rows(x: Array, **options: Any) -> Array:
    """stride is read as (columns, rows)"""
    stride = options.get("stride")
    return avg_pool2d.forward(x, **(options | ({"stride": stride[::-1]} if isinstance(stride, (tuple, list)) else {})))
