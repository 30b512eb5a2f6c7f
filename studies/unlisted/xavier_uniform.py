"""Unlisted wrong derivations of Xavier's uniform initialiser."""

from cnn_oracle.manual import _initial
from cnn_oracle.manual._typing import Array


def fan_in_alone(u: Array, *, gain: float = 1.0) -> Array:
    """the bound is gain √(3/fan_in), as LeCun's; the mean of both fans is right"""
    fan_in, _ = _initial.fans("xavier_uniform", u)
    y: Array = gain * (3 / max(fan_in, 1)) ** 0.5 * u
    return y
