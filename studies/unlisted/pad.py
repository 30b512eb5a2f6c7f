"""Unlisted wrong derivations of padding."""

from typing import Any

import numpy as np

from cnn_oracle.manual import pad as right
from cnn_oracle.manual._typing import Array


def value_along_one_axis(x: Array, *, pad: tuple[int, ...], value: float | None = None, **options: Any) -> Array:
    """only the last axis is padded with value; the others are padded with 0"""
    if not value:
        return right.forward(x, pad=pad, value=value, **options)
    y = right.forward(x, pad=tuple(pad[:2]), value=value, **options)
    return right.forward(y, pad=(0, 0, *pad[2:]), **options) if len(pad) > 2 else y


def crop_ignored(x: Array, *, pad: tuple[int, ...], **options: Any) -> Array:
    """a negative number of pad is taken for 0; it must crop"""
    return right.forward(x, pad=tuple(max(n, 0) for n in pad), **options)


def flipped_in_dx(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is rotated along the last axis, as if dy were read from its end"""
    (dx,) = right.backward(dy, x, **options)
    return (np.flip(dx, -1).copy() if dx.ndim else dx,)
