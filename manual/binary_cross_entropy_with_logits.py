"""Cross-entropy of the sigmoid of logits, from the logits, so that nothing overflows or is clipped.   Formula S3.

ℓ        = v ((1−t) x + q log(1 + exp(−x)))                q = 1 + (p−1) t: a yes counts p times
y        = ℓ, Σ ℓ, or the mean of ℓ
dx       = v (q sigmoid(x) − p t) dℓ
dtarget  = v ((p−1) log(1 + exp(−x)) − x) dℓ

t target, v weight, p pos_weight, both 1 by default. ℓ is −v (p t log s + (1−t) log(1−s)) with s = sigmoid(x).
"""

import numpy as np

from . import sigmoid
from ._floats import ieee
from ._pairs import check_pair
from ._reduction import reduce, spread
from ._typing import Array


@ieee  # ∞ − ∞ is NaN, as in PyTorch
def forward(
    x: Array, target: Array, *, weight: Array | None = None, reduction: str = "mean", pos_weight: Array | None = None
) -> Array:
    """x, target of the same shape; weight, pos_weight broadcastable to it → y, () or x's shape if reduction is "none".

    Raises:
        ValueError: the shapes or dtypes do not fit together.
    """
    v, _, q = _weights(x, target, weight, pos_weight)
    loss = v * ((1 - target) * x + q * _log_of_one_plus_exp(-x))
    return reduce("binary_cross_entropy_with_logits", loss, reduction, x.size)


@ieee
def backward(
    dy: Array,
    x: Array,
    target: Array,
    *,
    weight: Array | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
) -> tuple[Array, Array]:
    """dy of y's shape → dx, dtarget."""
    v, p, q = _weights(x, target, weight, pos_weight)
    dl = v * spread("binary_cross_entropy_with_logits", dy, x.shape, reduction, x.size)
    dx = dl * (q * sigmoid.forward(x) - p * target)
    more = 0 if pos_weight is None else (p - 1) * _log_of_one_plus_exp(-x)  # 0 without pos_weight, not 0 · ∞
    return dx, dl * (more - x)


def _log_of_one_plus_exp(x: Array) -> Array:
    y: Array = np.logaddexp(x.dtype.type(0), x)
    return y


def _weights(x: Array, target: Array, weight: Array | None, pos_weight: Array | None) -> tuple[Array, Array, Array]:
    """v, p and q."""
    check_pair("binary_cross_entropy_with_logits", x, target, weight=weight, pos_weight=pos_weight)
    one = x.dtype.type(1)
    v, p = (one if a is None else a for a in (weight, pos_weight))
    return v, p, one if pos_weight is None else 1 + (p - 1) * target
