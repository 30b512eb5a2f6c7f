"""Unlisted wrong derivations of flatten."""

from typing import Any

from cnn_oracle.manual import flatten
from cnn_oracle.manual._typing import Array


def end_dim_left_out(x: Array, *, start_dim: int = 0, end_dim: int = -1) -> Array:
    """end_dim is not merged, as the end of a Python range; it must be"""
    start, end = (dim % max(x.ndim, 1) for dim in (start_dim, end_dim))
    return flatten.forward(x, start_dim=start, end_dim=max(end - 1, start))


def reversed_in_dx(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx has the elements of dy in the opposite order"""
    return (dy.ravel()[::-1].reshape(x.shape).copy(),)
