"""Wrong derivations of Xavier's uniform initialiser."""

from cnn_oracle.manual import xavier_normal, xavier_uniform
from cnn_oracle.manual._typing import Array


def deviation_for_bound(u: Array, *, gain: float = 1.0) -> Array:
    """the standard deviation is used as the bound, which must be √3 times as large"""
    return xavier_normal.forward(u, gain=gain)


def gain_squared(u: Array, *, gain: float = 1.0) -> Array:
    """the gain multiplies the variance, not the bound"""
    return xavier_uniform.forward(u, gain=gain**0.5)
