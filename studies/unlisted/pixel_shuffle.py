"""Unlisted wrong derivations of the shuffle of channels to pixels."""

from cnn_oracle.manual import pixel_shuffle
from cnn_oracle.manual._typing import Array


def rows_from_the_bottom(x: Array, *, upscale_factor: int) -> Array:
    """channel c·r·r + i·r + j goes to row offset r − 1 − i: the offsets count from the bottom"""
    y = pixel_shuffle.forward(x, upscale_factor=upscale_factor)
    *lead, h, w = y.shape
    return y.reshape(*lead, h // upscale_factor, upscale_factor, w)[..., ::-1, :].reshape(y.shape).copy()


def last_pixel_row_left_out(dy: Array, x: Array, *, upscale_factor: int) -> tuple[Array]:
    """the loop over the row offsets ends one too early, so the channels of the last offset get no gradient"""
    r = upscale_factor
    most = dy.copy()
    most[..., r - 1 :: r, :] = 0
    return pixel_shuffle.backward(most, x, upscale_factor=r)
