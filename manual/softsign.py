"""x divided by one more than its absolute value.   Formula E8.

y  = x / (1 + |x|)                                         ∞/∞ is NaN, as in PyTorch
dx = dy (1 − |y|) / (1 + |x|)
"""

import numpy as np

from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array


@elementwise
def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = x / (1 + np.abs(x))
    return y


@elementwise  # 0 · ∞ is NaN
def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("softsign", dy, x)
    return (dy * (1 - np.abs(forward(x))) / (1 + np.abs(x)),)
