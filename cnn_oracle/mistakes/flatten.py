"""Wrong derivations of flatten."""

from typing import Any

from cnn_oracle.manual import flatten
from cnn_oracle.manual._typing import Array


def column_order(x: Array, **options: Any) -> Array:
    """the elements are read in column-major (Fortran) order; row-major is right"""
    y = flatten.forward(x, **options)
    return x.reshape(y.shape, order="F").copy()


def gradient_in_column_order(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dy is reshaped in column-major (Fortran) order; row-major is right"""
    return (dy.reshape(x.shape, order="F").copy(),)
