"""Kullback–Leibler divergence of target from exp(x), both over all elements.

ℓ        = t (log t − x)                                   t target, or exp(target) with log_target; 0 log 0 = 0
y        = ℓ, Σ ℓ, the mean of ℓ, or Σ ℓ / N for "batchmean"
dx       = −t dℓ
dtarget  = (log t + t/t − x) dℓ                            t/t is 1, but NaN at t = 0, as in PyTorch
dtarget  = (t (log t − x) + t) dℓ                          with log_target

x are log-probabilities. "mean" is not the divergence: it also divides by the number of classes, and PyTorch warns of
it.
"""

import numpy as np

from ._floats import ieee
from ._pairs import check_pair
from ._reduction import reduce, spread
from ._typing import Array


@ieee  # log 0 is −∞, 0 · ∞ is NaN, as in PyTorch
def forward(x: Array, target: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """x and target of the same shape, (N, …) for "batchmean" → y, () or x's shape if reduction is "none".

    Raises:
        ValueError: the shapes or dtypes differ, or there is no such reduction.
    """
    check_pair("kl_div", x, target)
    t = np.exp(target) if log_target else target
    log_t = target if log_target else np.log(np.where(t == 0, x.dtype.type(1), t))
    loss = t * (log_t - x) if log_target else t * log_t - t * x
    return reduce("kl_div", loss, *_mean(x, reduction))


@ieee
def backward(
    dy: Array, x: Array, target: Array, *, reduction: str = "mean", log_target: bool = False
) -> tuple[Array, Array]:
    """dy of y's shape → dx, dtarget."""
    check_pair("kl_div", x, target)
    dl = spread("kl_div", dy, x.shape, *_mean(x, reduction))
    if log_target:
        t = np.exp(target)
        return -t * dl, (t * (target - x) + t) * dl
    return -target * dl, (np.log(target) + target / target - x) * dl


def _mean(x: Array, reduction: str) -> tuple[str, int]:
    """The reduction and its divisor: "batchmean" is a mean over only N."""
    if reduction == "batchmean":
        return "mean", x.shape[0] if x.ndim else 1
    return reduction, x.size
