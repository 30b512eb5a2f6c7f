"""Wrong derivations of the Kullback–Leibler divergence."""

from typing import Any

import numpy as np

from cnn_oracle.manual import kl_div
from cnn_oracle.manual._reduction import reduce
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


def eps_in_the_logarithm(x: Array, target: Array, *, epsilon: float = 1e-8, **options: Any) -> Array:
    """the loss takes log(t + eps), which is wrong by about eps for each element"""
    if options.pop("log_target", False):
        return kl_div.forward(x, target, log_target=True, **options)
    log_t = np.log(target + x.dtype.type(epsilon))
    return _loss(target * log_t - target * x, **options)


def logarithm_of_zero(x: Array, target: Array, **options: Any) -> Array:
    """t log t is computed as 0 · log 0 at t = 0, which is NaN; it must be 0"""
    if options.pop("log_target", False):
        return kl_div.forward(x, target, log_target=True, **options)
    return _loss(target * np.log(target) - target * x, **options)


def batchmean_over_the_elements(x: Array, target: Array, **options: Any) -> Array:
    """reduction "batchmean" divides by the number of elements, as "mean" does; it must divide by N only"""
    reduction = "mean" if options.get("reduction") == "batchmean" else options.get("reduction", "mean")
    return kl_div.forward(x, target, **(options | {"reduction": reduction}))


def batchmean_not_divided(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the gradients of "batchmean" are not divided by N"""
    reduction = "sum" if options.get("reduction") == "batchmean" else options.get("reduction", "mean")
    return kl_div.backward(dy, x, target, **(options | {"reduction": reduction}))


def _loss(loss: Array, *, reduction: str = "mean") -> Array:
    return reduce("kl_div", loss, *kl_div._mean(loss, reduction))
