"""Wrong derivations of Xavier's normal initialiser."""

from math import prod

from cnn_oracle.manual import xavier_normal
from cnn_oracle.manual._typing import Array


def kernel_not_counted(z: Array, *, gain: float = 1.0) -> Array:
    """the fans are I and O; they must be multiplied by the kernel size"""
    y: Array = xavier_normal.forward(z, gain=gain) * z.dtype.type(prod(z.shape[2:]) ** 0.5)
    return y


def variance_for_deviation(z: Array, *, gain: float = 1.0) -> Array:
    """z is multiplied by the variance, not by its square root"""
    cells = prod(z.shape[2:])
    y: Array = z * z.dtype.type(2 * gain**2 / ((z.shape[0] + z.shape[1]) * cells))
    return y
