"""The logistic function.   Formulas E8, S2.

y  = 1 / (1 + exp(−x))
dx = dy y (1 − y)
"""

import numpy as np

from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array


@elementwise  # exp may overflow; 1/∞ is the right 0
def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = 1 / (1 + np.exp(-x))
    return y


@elementwise
def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("sigmoid", dy, x)
    y = forward(x)
    return (dy * y * (1 - y),)
