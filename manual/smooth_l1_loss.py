"""Squared error up to β, absolute error beyond, Girshick 2015.

d        = x − target
ℓ        = d²/(2β) where |d| < β, else |d| − β/2           l1_loss if β = 0
y        = ℓ, Σ ℓ, or the mean of ℓ
dx       = −1 … d/β … 1, times dℓ
dtarget  = −dx
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._pairs import difference
from ._reduction import reduce, spread
from ._typing import Array
from .l1_loss import sign


@ieee  # ∞ − ∞ is NaN, as in PyTorch
def forward(x: Array, target: Array, *, reduction: str = "mean", beta: float = 1.0) -> Array:
    """x and target of the same shape → y, () or x's shape if reduction is "none".

    Raises:
        ValueError: the shapes or dtypes differ, or beta is negative.
    """
    d = _difference(x, target, beta)
    loss = np.where(np.abs(d) < beta, 0.5 * d * d / beta, np.abs(d) - 0.5 * beta)
    return reduce("smooth_l1_loss", loss, reduction, x.size)


@ieee
def backward(dy: Array, x: Array, target: Array, *, reduction: str = "mean", beta: float = 1.0) -> tuple[Array, Array]:
    """dy of y's shape → dx, dtarget."""
    d = _difference(x, target, beta)
    slope = np.clip(d / beta, -1, 1) if beta else sign(d)
    dx = slope * spread("smooth_l1_loss", dy, x.shape, reduction, x.size)
    return dx, -dx


def _difference(x: Array, target: Array, beta: float) -> Array:
    """d."""
    if not beta >= 0:
        raise invalid("smooth_l1_loss", "beta must be ≥ 0", x=x, target=target, beta=beta)
    return difference("smooth_l1_loss", x, target)[0]
