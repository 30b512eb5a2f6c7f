"""Wrong derivations of the Huber loss."""

from typing import Any

from cnn_oracle.manual import huber_loss
from cnn_oracle.manual._typing import Array


def divided_by_delta(x: Array, target: Array, *, weight: Array | None = None, **options: Any) -> Array:
    """the loss is smooth_l1_loss, which is huber_loss divided by δ"""
    delta = x.dtype.type(options.get("delta", 1.0))
    y: Array = huber_loss.forward(x, target, weight=weight, **options) / delta
    return y


def slope_one_outside(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the slope of the linear part is ±1 in dx; it must be ±δ"""
    delta = options.get("delta", 1.0)
    right, outside = huber_loss.backward(dy, x, target, **options), abs(x - target) > delta
    return tuple(a / (outside * x.dtype.type(delta) + ~outside) for a in right)


def mean_over_the_weights(x: Array, target: Array, *, weight: Array | None = None, **options: Any) -> Array:
    """the weighted mean divides by the sum of the weights, as in mse_loss; huber_loss divides by the count"""
    y = huber_loss.forward(x, target, weight=weight, **options)
    return (
        y if weight is None or options.get("reduction", "mean") != "mean" or not x.size else y * x.size / weight.sum()
    )
