"""Mean absolute error.

d        = x − target
ℓ        = v |d|                                           v weight, 1 without
y        = ℓ, Σ ℓ, or Σ ℓ / Σ v
dx       = v sign(d) dℓ                                    sign(0) = 0, and so PyTorch has it for NaN
dtarget  = −dx
"""

import numpy as np

from ._floats import ieee
from ._pairs import difference
from ._reduction import reduce, spread
from ._typing import Array


@ieee  # ∞ − ∞ is NaN, as in PyTorch
def forward(x: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None) -> Array:
    """x, target and weight of the same shape → y, () or x's shape if reduction is "none".

    Raises:
        ValueError: the shapes or dtypes differ.
    """
    d, v = difference("l1_loss", x, target, weight)
    return reduce("l1_loss", v * np.abs(d), reduction, v.sum())


@ieee
def backward(
    dy: Array, x: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None
) -> tuple[Array, Array]:
    """dy of y's shape → dx, dtarget."""
    d, v = difference("l1_loss", x, target, weight)
    dx = v * sign(d) * spread("l1_loss", dy, x.shape, reduction, v.sum())
    return dx, -dx


def sign(d: Array) -> Array:
    """d of any shape → −1, 0 or 1 for each of its elements; also 0 for NaN."""
    return (d > 0).astype(d.dtype) - (d < 0)
