"""Rectified linear unit.   Formulas E5, E8, S2.

y  = 0 where x ≤ 0, else x
dx = 0 where x ≤ 0, else dy       at the kink PyTorch's convention is 0; NaN is not ≤ 0, so NaN and its dy pass
"""

import numpy as np

from manual._geometry import same_shape
from manual._typing import Array


def forward(x: Array) -> Array:
    """x of any shape → y of the same."""
    return np.where(x <= 0, x.dtype.type(0), x)


def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of one shape → dx."""
    same_shape("relu", dy, x)
    return (np.where(x <= 0, dy.dtype.type(0), dy),)
