"""A rectified linear unit with a small slope below 0.   Formulas E8, S2.

y  = x where x > 0, else α x                               α negative_slope
dx = dy where x > 0, else α dy: at the kink PyTorch's convention is α; so it is for NaN
"""

from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array
from ._where import where


@elementwise  # −∞ · 0 is NaN, as in PyTorch
def forward(x: Array, *, negative_slope: float = 0.01) -> Array:
    """x of any shape → y of the same shape."""
    y: Array = where(x > 0, x, x * negative_slope)
    return y


@elementwise
def backward(dy: Array, x: Array, *, negative_slope: float = 0.01) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("leaky_relu", dy, x)
    return (where(x > 0, dy, dy * negative_slope),)
