"""Wrong derivations of the binary cross-entropy."""

from typing import Any

import numpy as np

from cnn_oracle.manual import binary_cross_entropy
from cnn_oracle.manual._typing import Array


def gradient_of_the_logit(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dx is x − t, the gradient of the logit: the division by x (1 − x) is missing"""
    dx, dtarget = binary_cross_entropy.backward(dy, x, target, **options)
    return dx * x * (1 - x), dtarget


def of_yes_alone(x: Array, target: Array, **options: Any) -> Array:
    """the loss is −t log x: the term −(1 − t) log(1 − x) is missing"""
    no = binary_cross_entropy.forward(x, target * 0, **(options | {"weight": _times(x, 1 - target, options)}))
    return binary_cross_entropy.forward(x, target, **options) - no


def mean_not_divided(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the gradients are not divided by N, although the loss is a mean"""
    reduction = "sum" if options.get("reduction", "mean") == "mean" else options["reduction"]
    return binary_cross_entropy.backward(dy, x, target, **(options | {"reduction": reduction}))


def dy_left_out(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dy is ignored: the gradients are those for dy = 1"""
    return binary_cross_entropy.backward(np.ones_like(dy), x, target, **options)


def _times(x: Array, factor: Array, options: dict[str, Any]) -> Array:
    weight = options.get("weight")
    return factor if weight is None else np.broadcast_to(weight, x.shape) * factor
