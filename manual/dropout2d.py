"""Dropout of whole channels, Tompson et al. 2015.   Formula S6.

y[n,c,…]  = x[n,c,…] mask[n,c]/(1 − p)
dx[n,c,…] = dy[n,c,…] mask[n,c]/(1 − p)

The image is any number of axes behind the channels: PyTorch's dropout1d and dropout3d are the same formula.
"""

from ._errors import invalid
from ._floats import ieee
from ._geometry import same_shape
from ._typing import Array
from .dropout import scale


@ieee
def forward(x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> Array:
    """x (N, C, …), mask (N, C), boolean → y of x's shape.

    Raises:
        ValueError: p is not in 0 … 1, or mask is not (N, C).
    """
    if mask.ndim != 2 or mask.shape != x.shape[:2]:
        raise invalid("dropout2d", "x must be (N, C, …) and mask (N, C)", x=x, mask=mask)
    per_channel = mask.reshape(*mask.shape, *(1 for _ in x.shape[2:]))
    return x * scale("dropout2d", x, per_channel, p, training)


@ieee
def backward(dy: Array, x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> tuple[Array]:
    """dy of x's shape → dx: the map is its own adjoint."""
    same_shape("dropout2d", dy, x)
    return (forward(dy, mask=mask, p=p, training=training),)
