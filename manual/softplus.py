"""A smooth rectified linear unit, the integral of sigmoid.   Formula E8.

y  = log(1 + exp(βx)) / β, but x where βx > threshold      where exp would overflow and the two agree anyway
dx = dy sigmoid(βx), but dy where βx > threshold
"""

import numpy as np

from . import sigmoid
from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array
from ._where import where


@elementwise  # exp may overflow where x is chosen; β = 0 results in ∞
def forward(x: Array, *, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """x of any shape → y of the same shape."""
    bx = beta * x
    y: Array = where(bx > threshold, x, np.log1p(np.exp(bx)) / x.dtype.type(beta))
    return y


@elementwise
def backward(dy: Array, x: Array, *, beta: float = 1.0, threshold: float = 20.0) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("softplus", dy, x)
    bx = beta * x
    return (where(bx > threshold, dy, dy * sigmoid.forward(bx)),)
