"""Positive numbers that sum to one along an axis.   Formulas E8, S2.

y[i]  = exp(x[i] − max x) / Σ_j exp(x[j] − max x)          the maximum cancels and keeps exp from overflowing
dx[i] = y[i] (dy[i] − Σ_j dy[j] y[j])                      the full Jacobian, ∂y[j]/∂x[i] = y[j] (δ[i,j] − y[i])
"""

import numpy as np

from ._floats import ieee
from ._geometry import axis_of
from ._typing import Array


@ieee  # ∞ − ∞ is NaN, as in PyTorch
def forward(x: Array, *, dim: int) -> Array:
    """x of any shape, softmax along axis ``dim`` → y of the same shape.

    Raises:
        ValueError: x has no axis ``dim``.
    """
    axis = axis_of("softmax", x, dim)
    e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
    y: Array = e / e.sum(axis, keepdims=True)
    return y


@ieee
def backward(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    axis, y = axis_of("softmax", x, dim, dy), forward(x, dim=dim)
    return (y * (dy - (dy * y).sum(axis, keepdims=True)),)
