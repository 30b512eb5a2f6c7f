"""Mean squared error.   Formula S3's neighbour for real targets.

d        = x − target
ℓ        = v d²                                            v weight, 1 without
y        = ℓ, Σ ℓ, or Σ ℓ / Σ v
dx       = 2 v d dℓ
dtarget  = −dx
"""

import numpy as np

from manual._pairs import check_pair, check_weight
from manual._reduction import reduce, spread
from manual._typing import Array


@np.errstate(over="ignore", invalid="ignore")  # ∞ − ∞ is NaN, as in PyTorch
def forward(x: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None) -> Array:
    """x, target and weight of one shape → y, () or x's shape if reduction is "none".

    Raises:
        ValueError: the shapes or dtypes differ.
    """
    d, v, total = _parts(x, target, weight)
    return reduce("mse_loss", v * d * d, reduction, total)


@np.errstate(over="ignore", invalid="ignore")
def backward(
    dy: Array, x: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None
) -> tuple[Array, Array]:
    """dy of y's shape → dx, dtarget."""
    d, v, total = _parts(x, target, weight)
    dx = 2 * v * d * spread("mse_loss", dy, x.shape, reduction, total)
    return dx, -dx


def _parts(x: Array, target: Array, weight: Array | None) -> tuple[Array, Array, Array | int]:
    """d, v, and what "mean" divides by."""
    check_pair("mse_loss", x, target, weight=weight)
    check_weight("mse_loss", x, weight)
    v = np.ones_like(x) if weight is None else weight
    return x - target, v, x.size if weight is None else v.sum()
