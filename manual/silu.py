"""x weighed by its own sigmoid, also called swish, Elfwing et al. 2017.   Formula E8.

y  = x s                                                   s = sigmoid(x)
dx = dy (s + x s (1 − s))
"""

import numpy as np

from manual import sigmoid
from manual._geometry import same_shape
from manual._typing import Array


def forward(x: Array) -> Array:
    """x of any shape → y of the same."""
    with np.errstate(invalid="ignore"):  # −∞ · 0 is NaN, as in PyTorch
        return x * sigmoid.forward(x)


def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of one shape → dx."""
    same_shape("silu", dy, x)
    s = sigmoid.forward(x)
    with np.errstate(invalid="ignore"):
        return (dy * (s + x * s * (1 - s)),)
