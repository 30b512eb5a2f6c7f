"""Wrong derivations of dropout2d."""

from typing import Any

from cnn_oracle.manual import dropout2d
from cnn_oracle.manual._typing import Array


def not_scaled(x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> Array:
    """kept channels are not scaled by 1/(1 − p)"""
    y = dropout2d.forward(x, mask=mask, p=p, training=training)
    return y * x.dtype.type(1 - p) if training and p < 1 else y


def scaled_by_the_wrong_probability(x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> Array:
    """kept channels are divided by p, the probability to drop one, not by 1 − p"""
    return dropout2d.forward(x, mask=mask, p=1 - p if 0 < p < 1 else p, training=training)


def mask_left_out(dy: Array, x: Array, *, mask: Array, **options: Any) -> tuple[Array]:
    """the mask is missing in dx: dropped channels get a gradient too"""
    return dropout2d.backward(dy, x, mask=mask | True, **options)
