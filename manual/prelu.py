"""A leaky rectified linear unit that learns its slope, He et al. 2015.   Formulas E8, S2.

y[n,c,…]  = x where x > 0, else w[c] x                     one slope for each channel, or one for all
dx[n,c,…] = dy where x > 0, else w[c] dy                   at x = 0 PyTorch's convention is w[c]
dw[c]     = Σ_n… dy x where x ≤ 0
"""

from ._errors import invalid
from ._floats import ieee
from ._geometry import same_dtype, same_shape
from ._typing import Array
from ._where import only, where


@ieee  # ∞ · 0 is NaN, as in PyTorch
def forward(x: Array, w: Array) -> Array:
    """x (N, C, …) and w (C,), or x of any shape and w () or (1,) → y of x's shape.

    Raises:
        ValueError: w has neither one slope nor one for each channel.
    """
    y: Array = where(x > 0, x, _slopes(x, w) * x)
    return y


@ieee
def backward(dy: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """dy of x's shape → dx, dw of w's shape."""
    same_shape("prelu", dy, x)
    slopes = _slopes(x, w)
    below = only(~(x > 0), dy * x)
    over = tuple(i for i in range(x.ndim) if slopes.size == 1 or i != 1)
    return where(x > 0, dy, slopes * dy), below.sum(over).reshape(w.shape)


def _slopes(x: Array, w: Array) -> Array:
    """w in a shape that broadcasts against x, whose second axis is the channels."""
    same_dtype("prelu", x=x, w=w)
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.ndim > 1 or w.size not in (1, channels):
        raise invalid("prelu", f"w must have one slope, or one for each of {channels} channels", x=x, w=w)
    return w.reshape(() if w.size == 1 else (-1, *(1 for _ in x.shape[2:])))
