"""Wrong derivations of Kaiming's uniform initialiser."""

from typing import Any

from cnn_oracle.manual import kaiming_normal, kaiming_uniform
from cnn_oracle.manual._typing import Array


def deviation_for_bound(u: Array, **options: Any) -> Array:
    """the standard deviation is used as the bound, which must be √3 times as large"""
    return kaiming_normal.forward(u, **options)


def fans_exchanged(u: Array, *, mode: str = "fan_in", **options: Any) -> Array:
    """fan_in and fan_out are exchanged, as for a weight (I, O)"""
    return kaiming_uniform.forward(u, mode="fan_out" if mode == "fan_in" else "fan_in", **options)
