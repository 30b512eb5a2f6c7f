"""x times its own sigmoid, also called swish, Elfwing et al. 2017.   Formula E8.

y  = x s                                                   s = sigmoid(x)
dx = dy (s + x s (1 − s))
"""

from . import sigmoid
from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array


@elementwise  # −∞ · 0 is NaN, as in PyTorch
def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    return x * sigmoid.forward(x)


@elementwise
def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("silu", dy, x)
    s = sigmoid.forward(x)
    return (dy * (s + x * s * (1 - s)),)
