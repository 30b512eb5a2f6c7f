"""Wrong derivations of dropout."""

from typing import Any

from cnn_oracle.manual import dropout
from cnn_oracle.manual._typing import Array


def not_scaled(x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> Array:
    """kept elements are not scaled by 1/(1 − p)"""
    y = dropout.forward(x, mask=mask, p=p, training=training)
    return y * x.dtype.type(1 - p) if training and p < 1 else y


def scaled_by_the_wrong_probability(x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> Array:
    """kept elements are divided by p, the probability to drop one, not by 1 − p"""
    return dropout.forward(x, mask=mask, p=1 - p if 0 < p < 1 else p, training=training)


def mask_left_out(dy: Array, x: Array, *, mask: Array, **options: Any) -> tuple[Array]:
    """the mask is missing in dx: dropped elements get a gradient too"""
    return dropout.backward(dy, x, mask=mask | True, **options)
