"""Rectified linear unit.   Formulas E5, E8, S2.

y  = x where x > 0, else 0; NaN stays NaN
dx = dy where x > 0, else 0: at the kink PyTorch's convention is 0
"""

import numpy as np

from manual._geometry import same_shape
from manual._typing import Array


def forward(x: Array) -> Array:
    """x of any shape → y of the same."""
    y: Array = np.maximum(x, x.dtype.type(0))
    return y


def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of one shape → dx."""
    same_shape("relu", dy, x)
    return (np.where(x > 0, dy, dy.dtype.type(0)),)
