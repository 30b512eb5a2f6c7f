"""Unlisted wrong derivations of convolution along one axis."""

from typing import Any

import numpy as np

from cnn_oracle.manual import conv1d
from cnn_oracle.manual._correlation import dw_of
from cnn_oracle.manual._geometry import conv
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._windows import Gradients


def last_position_left_out(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the loop over the positions ends one too early, so the last element of y stays 0"""
    y = conv1d.forward(x, w, b, **options)
    y[:, :, -1:] = 0
    return y


def shifted_by_one(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """y is rotated by one position: the last element comes first, as after a Fourier transform cut wrongly"""
    return np.roll(conv1d.forward(x, w, b, **options), 1, 2)


def dilation_ignored_in_dw(dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dw reads adjacent elements of x: it ignores the dilation"""
    dx, _, db = conv1d.backward(dy, x, w, b, **options)
    t, _, pads = _geometry(x, w, b, **options)
    return dx, dw_of(dy, x, w.shape, (t, (1,), pads), options.get("groups", 1)), db


def _geometry(
    x: Array, w: Array, b: Array | None, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Any:
    return conv("conv1d", x.shape, w.shape, b, stride, padding, dilation, groups)
