"""Wrong derivations of the binary cross-entropy of logits."""

from typing import Any

import numpy as np

from cnn_oracle.manual import binary_cross_entropy_with_logits, sigmoid
from cnn_oracle.manual._typing import Array


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


def dy_left_out(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dy is ignored: the gradients are those for dy = 1"""
    return binary_cross_entropy_with_logits.backward(np.ones_like(dy), x, target, **options)
