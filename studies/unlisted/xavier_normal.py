"""Unlisted wrong derivations of Xavier's normal initialiser."""

from cnn_oracle.manual import xavier_normal
from cnn_oracle.manual._typing import Array


def two_left_out(z: Array, *, gain: float = 1.0) -> Array:
    """the standard deviation is gain √(1/(fan_in + fan_out)): the 2 is missing"""
    return xavier_normal.forward(z, gain=gain / 2**0.5)
