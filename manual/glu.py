"""Gated linear unit, Dauphin et al. 2017: one half of an axis gates the other.   Formula E8.

y      = a s                                               x = (a, b) along dim, s = sigmoid(b)
da, db = dy s, dy a s (1 − s)
"""

import numpy as np

from . import sigmoid
from ._errors import invalid
from ._floats import ieee
from ._typing import Array


@ieee  # ∞ · 0 is NaN, as in PyTorch
def forward(x: Array, *, dim: int = -1) -> Array:
    """x (…, 2K, …) of size 2K along ``dim`` → y (…, K, …).

    Raises:
        ValueError: x has no axis ``dim``, or an odd size along it.
    """
    a, b = _halves(x, dim)
    return a * sigmoid.forward(b)


@ieee
def backward(dy: Array, x: Array, *, dim: int = -1) -> tuple[Array]:
    """dy of y's shape → dx."""
    a, b = _halves(x, dim)
    if dy.shape != a.shape:
        raise invalid("glu", f"dy must have y's shape {a.shape}", dy=dy, x=x, dim=dim)
    s = sigmoid.forward(b)
    return (np.concatenate((dy * s, dy * a * s * (1 - s)), dim),)


def _halves(x: Array, dim: int) -> list[Array]:
    if not -x.ndim <= dim < x.ndim or x.shape[dim] % 2:
        raise invalid("glu", "x must have an axis dim, with an even number of cells", x=x, dim=dim)
    return np.split(x, 2, dim)
