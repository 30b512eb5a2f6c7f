"""Wrong derivations of Kaiming's normal initialiser."""

from math import prod
from typing import Any

from cnn_oracle.manual import kaiming_normal
from cnn_oracle.manual._typing import Array


def slope_left_out(z: Array, *, a: float = 0.0, **options: Any) -> Array:
    """the slope a of leaky_relu is ignored: the gain is relu's"""
    return kaiming_normal.forward(z, **options)


def kernel_not_counted(z: Array, **options: Any) -> Array:
    """the fan is I or O; it must be multiplied by the kernel size"""
    y: Array = kaiming_normal.forward(z, **options) * z.dtype.type(prod(z.shape[2:]) ** 0.5)
    return y
