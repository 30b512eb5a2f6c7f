"""Each sample divided by the root mean square of its last axes.   Zhang & Sennrich 2019, arXiv 1910.07467.

A = the last axes, of sizes normalized_shape          in manual/_normalise.py; γ weight has just these axes
m = 0
ε = eps, or with None the distance from 1 to the next number of x's dtype
"""

import numpy as np

from ._normalise import last_axes, normalise, normalise_backward
from ._typing import Array


def forward(
    x: Array, weight: Array | None = None, *, normalized_shape: tuple[int, ...], eps: float | None = None
) -> Array:
    """x (…, *normalized_shape), weight of normalized_shape or None → y of x's shape.

    Raises:
        ValueError: normalized_shape is not the shape of x's last axes, or not that of the weight.
    """
    axes, shape = last_axes("rms_norm", x, normalized_shape, weight=weight)
    return normalise(x, weight, None, axes, shape, _epsilon(x, eps), centred=False)


def backward(
    dy: Array, x: Array, weight: Array | None = None, *, normalized_shape: tuple[int, ...], eps: float | None = None
) -> tuple[Array, Array | None]:
    """dy of x's shape → dx, dweight."""
    axes, shape = last_axes("rms_norm", x, normalized_shape, dy, weight=weight)
    dx, dweight, _ = normalise_backward(dy, x, weight, None, axes, shape, _epsilon(x, eps), centred=False)
    return dx, dweight


def _epsilon(x: Array, eps: float | None) -> float:
    return float(np.finfo(x.dtype).eps) if eps is None else eps
