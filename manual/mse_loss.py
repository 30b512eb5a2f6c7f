"""Mean squared error.

d        = x − target
ℓ        = v d²                                            v weight, 1 without
y        = ℓ, Σ ℓ, or Σ ℓ / Σ v
dx       = 2 v d dℓ
dtarget  = −dx
"""

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
    d, v = difference("mse_loss", x, target, weight)
    return reduce("mse_loss", v * d * d, reduction, v.sum())


@ieee
def backward(
    dy: Array, x: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None
) -> tuple[Array, Array]:
    """dy of y's shape → dx, dtarget."""
    d, v = difference("mse_loss", x, target, weight)
    dx = 2 * v * d * spread("mse_loss", dy, x.shape, reduction, v.sum())
    return dx, -dx
