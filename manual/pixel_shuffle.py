"""Channels to pixels.   y[…,c,h·r+i,w·r+j] = x[…,c·r·r+i·r+j,h,w]

A permutation, so the gradient is its inverse: pixel_unshuffle.
"""

from ._pixels import shuffle, unshuffle
from ._typing import Array


def forward(x: Array, *, upscale_factor: int) -> Array:
    """x (…, C·r², H, W) → y (…, C, H·r, W·r).

    Raises:
        ValueError: the number of channels is not a multiple of r².
    """
    return shuffle("pixel_shuffle", x, upscale_factor)


def backward(dy: Array, x: Array, *, upscale_factor: int) -> tuple[Array]:
    """dy (…, C, H·r, W·r) → dx (…, C·r², H, W)."""
    return (unshuffle("pixel_shuffle", dy, upscale_factor, shuffle("pixel_shuffle", x, upscale_factor).shape),)
