"""Unlisted wrong derivations of the shuffle of pixels to channels."""

from cnn_oracle.manual import pixel_unshuffle
from cnn_oracle.manual._typing import Array


def first_column_alone(x: Array, *, downscale_factor: int) -> Array:
    """every channel of a block reads the first column offset"""
    r = downscale_factor
    first = x.copy()
    for j in range(1, r):
        first[..., j::r] = x[..., ::r]
    return pixel_unshuffle.forward(first, downscale_factor=r)


def divided_by_the_block(dy: Array, x: Array, *, downscale_factor: int) -> tuple[Array]:
    """dx is divided by r², as if the pixels of a block shared dy"""
    (dx,) = pixel_unshuffle.backward(dy, x, downscale_factor=downscale_factor)
    return (dx / downscale_factor**2,)
