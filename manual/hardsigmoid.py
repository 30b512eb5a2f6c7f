"""Sigmoid as three linear pieces.   Formula E8.

y  = 0 … (x + 3)/6 … 1
dx = dy / 6 where −3 < x < 3, else 0: so at both kinks and for NaN
"""

import numpy as np

from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array
from ._where import only


def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = np.clip(x + 3, 0, 6) / 6
    return y


@elementwise
def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("hardsigmoid", dy, x)
    return (only((x > -3) & (x < 3), dy / 6),)
