"""x times its hardsigmoid, Howard et al. 2019.   Formula E8.

y  = x · (0 … (x + 3)/6 … 1)
dx = 0, dy (x/3 + 1/2), dy on the three pieces: PyTorch's convention is 0 at −3 and 1 at 3
"""

import numpy as np

from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array
from ._where import only, where


@elementwise  # −∞ · 0 is NaN, as in PyTorch
def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = x * np.clip(x + 3, 0, 6) / 6
    return y


@elementwise
def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("hardswish", dy, x)
    slope = where(x >= 3, x.dtype.type(1), x / 3 + 0.5)
    return (dy * only(~(x <= -3), slope),)
