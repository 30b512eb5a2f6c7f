"""Exponential linear unit, Clevert et al. 2016.   Formulas E8, S2.

y  = x where x > 0, else α (exp x − 1)
dx = dy where x > 0, else dy α exp x: at the kink PyTorch's convention is α
"""

import numpy as np

from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array
from ._where import where


@elementwise  # exp may overflow where x is chosen
def forward(x: Array, *, alpha: float = 1.0) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = where(x > 0, x, alpha * np.expm1(x))
    return y


@elementwise
def backward(dy: Array, x: Array, *, alpha: float = 1.0) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("elu", dy, x)
    return (dy * where(x > 0, dy.dtype.type(1), alpha * np.exp(x)),)
