"""Unlisted wrong derivations of binary cross-entropy with logits."""

from typing import Any

import numpy as np

from cnn_oracle.manual import binary_cross_entropy_with_logits as loss
from cnn_oracle.manual._reduction import reduce
from cnn_oracle.manual._typing import Array


def minus_left_out_of_the_exponent(
    x: Array, target: Array, *, weight: Array | None = None, reduction: str = "mean", pos_weight: Array | None = None
) -> Array:
    """without pos_weight the loss is max(x, 0) − x t + log(1 + exp(abs(x))); the exponent must be −abs(x)"""
    if pos_weight is not None:
        return loss.forward(x, target, weight=weight, reduction=reduction, pos_weight=pos_weight)
    each = np.maximum(x, 0) - x * target + np.log1p(np.exp(np.abs(x)))
    each = each if weight is None else each * weight
    return reduce("binary_cross_entropy_with_logits", each, reduction, x.size)


def target_gradient_of_probabilities(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dtarget is −dx"""
    dx, _ = loss.backward(dy, x, target, **options)
    return dx, -dx
