"""Binary cross-entropy of probabilities.   Formula S3.

ℓ        = −v (t log x + (1−t) log(1−x))                   t target, v weight, 1 without
y        = ℓ, Σ ℓ, or the mean of ℓ
dx       = v (x − t) / (x (1−x)) dℓ
dtarget  = v (log(1−x) − log x) dℓ

At x = 0 and at 1, PyTorch treats each formula differently: logarithms in ℓ are at least −100, x (1−x) is at least 1e−12
(the float32 nearest to it, also in float64), and dtarget stays infinite. So dx is not the derivative of y there.
With logits, this problem does not occur.
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._pairs import check_pair
from ._reduction import reduce, spread
from ._typing import Array

LEAST = float(np.float32(1e-12))


@ieee  # log 0 is −∞
def forward(x: Array, target: Array, *, weight: Array | None = None, reduction: str = "mean") -> Array:
    """x, target of the same shape in 0 … 1; weight broadcastable to it → y, () or x's shape if reduction is "none".

    Raises:
        ValueError: the shapes or dtypes differ, or a value is not in 0 … 1.
    """
    v = _weights(x, target, weight)
    yes, no = np.maximum(np.log(x), -100), np.maximum(np.log1p(-x), -100)
    return reduce("binary_cross_entropy", v * ((target - 1) * no - target * yes), reduction, x.size)


@ieee
def backward(
    dy: Array, x: Array, target: Array, *, weight: Array | None = None, reduction: str = "mean"
) -> tuple[Array, Array]:
    """dy of y's shape → dx, dtarget."""
    dl = _weights(x, target, weight) * spread("binary_cross_entropy", dy, x.shape, reduction, x.size)
    return dl * (x - target) / np.maximum(x * (1 - x), LEAST), dl * (np.log1p(-x) - np.log(x))


def _weights(x: Array, target: Array, weight: Array | None) -> Array:
    """v."""
    check_pair("binary_cross_entropy", x, target, weight=weight)
    if not all(((a >= 0) & (a <= 1)).all() for a in (x, target)):
        raise invalid("binary_cross_entropy", "x and target must lie in 0 … 1", x=x, target=target)
    return np.ones_like(x) if weight is None else weight
