"""Each sample standardised over its last axes.   Ba, Kiros & Hinton 2016, arXiv 1607.06450.

A = the last axes, of sizes normalized_shape          in manual/_normalise.py; γ weight and β bias have just these axes
"""

from ._normalise import last_axes, normalise, normalise_backward
from ._typing import Array


def forward(
    x: Array, weight: Array | None = None, bias: Array | None = None, *,
    normalized_shape: tuple[int, ...], eps: float = 1e-5,
) -> Array:  # fmt: skip
    """x (…, *normalized_shape); weight, bias of normalized_shape or None → y of x's shape.

    Raises:
        ValueError: normalized_shape is not the shape of x's last axes, or not that of the weights.
    """
    axes, shape = last_axes("layer_norm", x, normalized_shape, weight=weight, bias=bias)
    return normalise(x, weight, bias, axes, shape, eps)


def backward(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, *,
    normalized_shape: tuple[int, ...], eps: float = 1e-5,
) -> tuple[Array, Array | None, Array | None]:  # fmt: skip
    """dy of x's shape → dx, dweight, dbias."""
    axes, shape = last_axes("layer_norm", x, normalized_shape, dy, weight=weight, bias=bias)
    return normalise_backward(dy, x, weight, bias, axes, shape, eps)
