"""Squared error up to δ, δ times absolute error beyond, Huber 1964: δ times smooth_l1_loss with β = δ.

d        = x − target
ℓ        = v d²/2 where |d| ≤ δ, else v δ (|d| − δ/2)      v weight, 1 without
y        = ℓ, Σ ℓ, or the mean of ℓ                        over the number of elements, not over Σ v as in mse_loss
dx       = v · (−δ … d … δ) dℓ
dtarget  = −dx
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._pairs import difference
from ._reduction import reduce, spread
from ._typing import Array


@ieee  # ∞ − ∞ is NaN, as in PyTorch
def forward(
    x: Array, target: Array, *, reduction: str = "mean", delta: float = 1.0, weight: Array | None = None
) -> Array:
    """x, target and weight of the same shape → y, () or x's shape if reduction is "none".

    Raises:
        ValueError: the shapes or dtypes differ, or delta is not positive.
    """
    d, v = _parts(x, target, delta, weight)
    loss = np.where(np.abs(d) <= delta, 0.5 * d * d, delta * (np.abs(d) - 0.5 * delta))
    return reduce("huber_loss", v * loss, reduction, x.size)


@ieee
def backward(
    dy: Array, x: Array, target: Array, *, reduction: str = "mean", delta: float = 1.0, weight: Array | None = None
) -> tuple[Array, Array]:
    """dy of y's shape → dx, dtarget."""
    d, v = _parts(x, target, delta, weight)
    dx = v * np.clip(d, -delta, delta) * spread("huber_loss", dy, x.shape, reduction, x.size)
    return dx, -dx


def _parts(x: Array, target: Array, delta: float, weight: Array | None) -> tuple[Array, Array]:
    """d and v."""
    if not delta > 0:
        raise invalid("huber_loss", "delta must be > 0", x=x, target=target, delta=delta)
    return difference("huber_loss", x, target, weight)
