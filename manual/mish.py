"""x times the tanh of its softplus, Misra 2019.   Formula E8.

y  = x t                                                   t = tanh(softplus(x)), s = sigmoid(x)
dx = dy (t + x s (1 − t²))
"""

import numpy as np

from . import sigmoid, softplus
from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array


@elementwise  # −∞ · 0 is NaN, as in PyTorch
def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = x * np.tanh(softplus.forward(x))
    return y


@elementwise
def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("mish", dy, x)
    t, s = np.tanh(softplus.forward(x)), sigmoid.forward(x)
    return (dy * (t + x * s * (1 - t * t)),)
