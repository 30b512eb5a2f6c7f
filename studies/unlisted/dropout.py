"""Unlisted wrong derivations of dropout."""

from typing import Any

from cnn_oracle.manual import dropout
from cnn_oracle.manual._typing import Array


def mask_inverted(x: Array, *, mask: Array, **options: Any) -> Array:
    """elements are dropped where mask is True; there they must be kept"""
    return dropout.forward(x, mask=~mask, **options)


def scaled_twice_in_dx(dy: Array, x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> tuple[Array]:
    """dx divides by 1 − p twice: once with the mask, and once more"""
    (dx,) = dropout.backward(dy, x, mask=mask, p=p, training=training)
    return (dx if not training or p == 1 else dx / (1 - p),)
