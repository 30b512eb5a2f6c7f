"""Each value divided by a power of the mean square of its neighbouring channels.   Krizhevsky et al. 2012, section 3.3.

d[n,c,p]  = k + α/R Σ_r x[n,c+r−⌊R/2⌋,p]²                  R size, r = 0 … R−1
y[n,c,p]  = x[n,c,p] d[n,c,p]^−β
e[n,c,p]  = dy[n,c,p] x[n,c,p] d[n,c,p]^(−β−1)
dx[n,c,p] = dy[n,c,p] d[n,c,p]^−β − 2αβ/R x[n,c,p] Σ_r e[n,c−r+⌊R/2⌋,p]

p stands for all of space. Outside the channels x is 0, but the divisor is R.
Σ_r x² is gather(pad(x²)), Σ_r e its adjoint: crop(scatter(e)). The paper's α is α/R here, as in PyTorch.
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._geometry import same_shape
from ._typing import Array
from ._windows import crop, gather, pad, scatter


@ieee
def forward(x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    """x (N, C, L, …) → y of the same shape.

    Raises:
        ValueError: x has fewer than three axes, or size is below 1.
    """
    d = _divisor(x, size, alpha, k)
    y: Array = x * d**-beta
    return y


@ieee
def backward(
    dy: Array, x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("local_response_norm", dy, x)
    d = _divisor(x, size, alpha, k)
    e = np.moveaxis(dy * x * d ** (-beta - 1), 1, -1)
    windows = np.broadcast_to(e[..., None, :], (*e.shape[:-1], size, e.shape[-1]))
    reached = crop(scatter(windows, (e.shape[-1] + size - 1,), (1,), (1,)), [_sides(size)])
    return (dy * d**-beta - 2 * alpha * beta / size * x * np.moveaxis(reached, -1, 1),)


def _divisor(x: Array, size: int, alpha: float, k: float) -> Array:
    if x.ndim < 3 or not isinstance(size, int) or size < 1:
        raise invalid("local_response_norm", "x must be (N, C, L, …) and size an int, at least 1", x=x, size=size)
    squares = pad(np.moveaxis(x * x, 1, -1), [_sides(size)])
    d: Array = k + alpha / size * np.moveaxis(gather(squares, (size,), (1,), (1,)).sum(-2), -1, 1)
    return d


def _sides(size: int) -> tuple[int, int]:
    """The number of channels before and behind; for an even size, one more is before."""
    return size // 2, (size - 1) // 2
