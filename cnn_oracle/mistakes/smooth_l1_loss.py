"""Wrong derivations of smooth_l1_loss."""

from typing import Any

from cnn_oracle.manual import huber_loss, smooth_l1_loss
from cnn_oracle.manual._typing import Array


def not_divided_by_beta(x: Array, target: Array, **options: Any) -> Array:
    """the loss is huber_loss, which is smooth_l1_loss times β"""
    beta = options.pop("beta", 1.0)
    if not beta:
        return smooth_l1_loss.forward(x, target, beta=beta, **options)
    return huber_loss.forward(x, target, delta=beta, **options)


def not_divided_by_beta_in_dx(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the slope of the quadratic part is d in dx, not d/β, so dx jumps where the linear part begins"""
    right, beta = smooth_l1_loss.backward(dy, x, target, **options), options.get("beta", 1.0)
    inside = abs(x - target) < beta
    return tuple(a * (inside * x.dtype.type(beta) + ~inside) for a in right)
