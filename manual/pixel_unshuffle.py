"""Pixels to channels.   y[…,c·r·r+i·r+j,h,w] = x[…,c,h·r+i,w·r+j]

A permutation, so the gradient is its inverse: pixel_shuffle.
"""

from ._pixels import shuffle, unshuffle
from ._typing import Array


def forward(x: Array, *, downscale_factor: int) -> Array:
    """x (…, C, H·r, W·r) → y (…, C·r², H, W).

    Raises:
        ValueError: height or width is not a multiple of r.
    """
    return unshuffle("pixel_unshuffle", x, downscale_factor)


def backward(dy: Array, x: Array, *, downscale_factor: int) -> tuple[Array]:
    """dy (…, C·r², H, W) → dx (…, C, H·r, W·r)."""
    return (shuffle("pixel_unshuffle", dy, downscale_factor, unshuffle("pixel_unshuffle", x, downscale_factor).shape),)
