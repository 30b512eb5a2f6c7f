"""The logarithm of softmax, computed without probabilities that underflow.   Formula S3.

y[i]  = x[i] − max x − log Σ_j exp(x[j] − max x)
dx[i] = dy[i] − softmax(x)[i] Σ_j dy[j]
"""

import numpy as np

from . import softmax
from ._floats import ieee
from ._geometry import axis_of
from ._typing import Array


@ieee  # ∞ − ∞ is NaN, an empty axis sums to 0
def forward(x: Array, *, dim: int) -> Array:
    """x of any shape, log-softmax along axis ``dim`` → y of the same shape.

    Raises:
        ValueError: x has no axis ``dim``.
    """
    axis = axis_of("log_softmax", x, dim)
    z = x - x.max(axis, keepdims=True, initial=-np.inf)
    y: Array = z - np.log(np.exp(z).sum(axis, keepdims=True))
    return y


@ieee
def backward(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    axis = axis_of("log_softmax", x, dim, dy)
    return (dy - softmax.forward(x, dim=dim) * dy.sum(axis, keepdims=True),)
