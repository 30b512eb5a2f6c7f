"""Wrong derivations of x sigmoid(x)."""

from manual import sigmoid
from manual._typing import Array


def product_rule_lost(dy: Array, x: Array) -> tuple[Array]:
    """only the factor x is differentiated: dy sigmoid(x)"""
    return (dy * sigmoid.forward(x),)
