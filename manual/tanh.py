"""Hyperbolic tangent.   Formulas E8, S2.

y  = tanh x
dx = dy (1 − y²)
"""

import numpy as np

from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array


@elementwise
def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = np.tanh(x)
    return y


@elementwise
def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("tanh", dy, x)
    return (dy * (1 - np.tanh(x) ** 2),)
