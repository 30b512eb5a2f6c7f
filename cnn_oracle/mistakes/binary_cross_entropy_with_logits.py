"""Wrong derivations of the binary cross-entropy of logits."""

from typing import Any

import numpy as np

from cnn_oracle.manual import binary_cross_entropy_with_logits, sigmoid
from cnn_oracle.manual._reduction import reduce
from cnn_oracle.manual._typing import Array


def logarithm_of_the_sigmoid(x: Array, target: Array, **options: Any) -> Array:
    """the loss takes log(s) and log(1 − s) of s = sigmoid(x), which is exactly 0 or 1 for large x"""
    s = sigmoid.forward(x)
    return _loss(np.log(s), np.log(1 - s), target, **options)


def eps_in_the_logarithm(x: Array, target: Array, *, epsilon: float = 1e-8, **options: Any) -> Array:
    """the loss takes log(s + eps) and log(1 − s + eps) of s = sigmoid(x)"""
    s, eps = sigmoid.forward(x), x.dtype.type(epsilon)
    return _loss(np.log(s + eps), np.log(1 - s + eps), target, **options)


def exp_overflows(
    x: Array, target: Array, *, weight: Array | None = None, reduction: str = "mean", pos_weight: Array | None = None
) -> Array:
    """log(1 + exp(−x)) is computed as it is, so the loss is ∞ where exp overflows, for large negative x"""
    v, _, q = binary_cross_entropy_with_logits._weights(x, target, weight, pos_weight)
    loss = v * ((1 - target) * x + q * np.log1p(np.exp(-x)))
    return reduce("binary_cross_entropy_with_logits", loss, reduction, x.size)


def pos_weight_on_every_sample(x: Array, target: Array, **options: Any) -> Array:
    """pos_weight multiplies the whole loss, not only the term of the positive class"""
    p, weight = options.pop("pos_weight", None), options.pop("weight", None)
    both = p if weight is None else weight if p is None else p * weight
    return binary_cross_entropy_with_logits.forward(x, target, weight=both, **options)


def pos_weight_left_out(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the gradients ignore pos_weight"""
    return binary_cross_entropy_with_logits.backward(dy, x, target, **(options | {"pos_weight": None}))


def sigmoid_twice(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dx is multiplied by s (1 − s), although it is already the gradient of the logit"""
    dx, dtarget = binary_cross_entropy_with_logits.backward(dy, x, target, **options)
    s = sigmoid.forward(x)
    return dx * s * (1 - s), dtarget


def _loss(
    yes: Array, no: Array, target: Array, *,
    weight: Array | None = None, reduction: str = "mean", pos_weight: Array | None = None,
) -> Array:  # fmt: skip
    """The loss with these logarithms of s and 1 − s."""
    loss = (target - 1) * no - (target if pos_weight is None else pos_weight * target) * yes
    loss = loss if weight is None else weight * loss
    return reduce("binary_cross_entropy_with_logits", loss, reduction, yes.size)
