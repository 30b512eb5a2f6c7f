"""Wrong derivations of the Kullback–Leibler divergence."""

from typing import Any

import numpy as np

from cnn_oracle.manual import kl_div
from cnn_oracle.manual._typing import Array


def mean_taken_for_batchmean(x: Array, target: Array, **options: Any) -> Array:
    """reduction "mean" divides by N only, as "batchmean" does; it must divide by the number of elements"""
    reduction = "batchmean" if options.get("reduction", "mean") == "mean" else options["reduction"]
    return kl_div.forward(x, target, **(options | {"reduction": reduction}))


def entropy_left_out(x: Array, target: Array, **options: Any) -> Array:
    """the loss is the cross-entropy −t x: the term t log t is missing, which does not change dx"""
    log_target = options.get("log_target", False)
    t = np.exp(target) if log_target else target
    zero = kl_div.forward(np.zeros_like(x), target, **options)
    return kl_div.forward(x, target, **options) - zero if t.size else zero


def target_constant(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dtarget differentiates only the factor t: the 1 of (t log t)′ = log t + 1 is missing"""
    dx, dtarget = kl_div.backward(dy, x, target, **options)
    return dx, dtarget + dx  # dx is −t dℓ
