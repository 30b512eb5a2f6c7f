"""Initialisers past a size."""

from importlib import import_module
from typing import Any

import numpy as np

from cnn_oracle.manual._geometry import Shape
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import mistake_of, tail, without

ALL = ("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal")


@mistake_of(*ALL)
def fan_of_one_tile(op: str, z: Array, *, block: int, **options: Any) -> Array:
    """the fan counts no more than one tile of an axis"""
    y: Array = import_module(f"cnn_oracle.manual.{op}").forward(z, **options)
    cut = tuple(min(n, block) for n in z.shape)
    return y if cut == z.shape else y * z.dtype.type(_scale(op, cut, options) / _scale(op, z.shape, options))


@mistake_of(*ALL)
def tail_of_a_row_missing(op: str, dy: Array, z: Array, *, block: int, **options: Any) -> tuple[Array]:
    """the gradient is not written behind the last full tile of a row"""
    (dz,) = import_module(f"cnn_oracle.manual.{op}").backward(dy, z, **options)
    return (without(dz, -1, tail(z.shape[-1], block)),)


def _scale(op: str, shape: Shape, options: dict[str, Any]) -> float:
    """The bound or the standard deviation: what a 1 becomes."""
    ones = np.broadcast_to(np.float64(1), tuple(max(n, 1) for n in shape))
    return float(import_module(f"cnn_oracle.manual.{op}").forward(ones, **options).flat[0])
