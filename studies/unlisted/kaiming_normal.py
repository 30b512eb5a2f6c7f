"""Unlisted wrong derivations of Kaiming's normal initialiser."""

from typing import Any

from cnn_oracle.manual import _initial, kaiming_normal
from cnn_oracle.manual._typing import Array


def divided_by_the_fan(z: Array, **options: Any) -> Array:
    """the gain is divided by the fan, not by its square root"""
    fan = _initial.fans("kaiming_normal", z)[options.get("mode") == "fan_out"]
    y: Array = kaiming_normal.forward(z, **options) / max(fan, 1) ** 0.5
    return y
