"""Inverted dropout, Srivastava et al. 2014: kept elements are scaled up, so that the expectation stays.   Formula S6.

y  = x · mask/(1 − p)                                      nothing is kept at p = 1: zeros, not 0/0
dx = dy · mask/(1 − p)

The random numbers are an argument: mask is True where x is kept, with probability 1 − p. Without training, y is x.
"""

from ._errors import invalid
from ._floats import ieee
from ._geometry import same_shape
from ._typing import Array


@ieee
def forward(x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> Array:
    """x of any shape, boolean mask of the same shape → y of that shape.

    Raises:
        ValueError: p is not in 0 … 1, or mask does not have x's shape.
    """
    if mask.shape != x.shape:
        raise invalid("dropout", "mask must have x's shape", x=x, mask=mask)
    return x * scale("dropout", x, mask, p, training)


@ieee
def backward(dy: Array, x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> tuple[Array]:
    """dy of x's shape → dx: the map is its own adjoint."""
    same_shape("dropout", dy, x)
    return (forward(dy, mask=mask, p=p, training=training),)


def scale(op: str, x: Array, mask: Array, p: float, training: bool) -> Array:
    """mask of any shape → mask/(1 − p), of the same shape and x's dtype; without training, the number 1.

    Raises:
        ValueError: p is not in 0 … 1.
    """
    if not 0 <= p <= 1:
        raise invalid(op, "p must lie in 0 … 1", x=x, p=p)
    kept = x.dtype.type(0 if p == 1 else 1 / (1 - p))
    s: Array = mask * kept if training else x.dtype.type(1)
    return s
