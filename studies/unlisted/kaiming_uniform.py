"""Unlisted wrong derivations of Kaiming's uniform initialiser."""

from typing import Any

from cnn_oracle.manual import kaiming_uniform
from cnn_oracle.manual._typing import Array


def fan_in_always(u: Array, *, mode: str = "fan_in", **options: Any) -> Array:
    """mode is ignored: the fan is fan_in"""
    return kaiming_uniform.forward(u, **options)


def slope_not_squared(u: Array, *, a: float = 0.0, nonlinearity: str = "leaky_relu", **options: Any) -> Array:
    """the gain of leaky_relu is √(2/(1 + a)); √(2/(1 + a²)) is right"""
    y = kaiming_uniform.forward(u, a=a, nonlinearity=nonlinearity, **options)
    return y * ((1 + a * a) / (1 + a)) ** 0.5 if nonlinearity == "leaky_relu" else y
