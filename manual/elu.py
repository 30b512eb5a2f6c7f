"""Exponential linear unit, Clevert et al. 2016.   Formulas E8, S2.

y  = x where x > 0, else α (exp x − 1)
dx = dy where x > 0, else dy α exp x: at the kink PyTorch's convention is α
"""

import numpy as np

from manual._geometry import same_shape
from manual._typing import Array
from manual._where import where


def forward(x: Array, *, alpha: float = 1.0) -> Array:
    """x of any shape → y of the same."""
    with np.errstate(over="ignore", invalid="ignore"):  # of an exp that is not chosen
        y: Array = where(x > 0, x, alpha * np.expm1(x))
    return y


def backward(dy: Array, x: Array, *, alpha: float = 1.0) -> tuple[Array]:
    """dy, x of one shape → dx."""
    same_shape("elu", dy, x)
    with np.errstate(over="ignore", invalid="ignore"):
        return (dy * where(x > 0, dy.dtype.type(1), alpha * np.exp(x)),)
