"""Rectified linear unit.   Formulas E5, E8, S2.

y  = max(x, 0)
dx = 0 where x ≤ 0, else dy       at x = 0 PyTorch's convention is 0; NaN is not ≤ 0, so NaN and its dy pass
"""

import numpy as np

from ._geometry import same_shape
from ._typing import Array
from ._where import only


def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = np.maximum(x, 0)
    return y


def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("relu", dy, x)
    return (only(~(x <= 0), dy),)
