"""Wrong derivations of x sigmoid(x)."""

from cnn_oracle.manual import sigmoid
from cnn_oracle.manual._typing import Array


def product_rule_lost(dy: Array, x: Array) -> tuple[Array]:
    """only the factor x is differentiated: dx is dy sigmoid(x)"""
    return (dy * sigmoid.forward(x),)
