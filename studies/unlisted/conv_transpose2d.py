"""Unlisted wrong derivations of transposed convolution of images."""

from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual import conv_transpose2d
from cnn_oracle.manual._correlation import along_channels
from cnn_oracle.manual._geometry import per_axis
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import pad
from cnn_oracle.mistakes._windows import Gradients


def crop_exchanged(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """padding is read as (columns, rows) where y is cropped; y's size is right"""
    h, v = conv_transpose2d.forward(x, w, b, **options).shape[2:]
    whole = conv_transpose2d.forward(x, w, None, **(options | {"padding": 0, "output_padding": 0}))
    columns, rows = per_axis("conv_transpose2d", "padding", options.get("padding", 0), 2, 0)
    y = pad(whole, [(0, rows + h), (0, columns + v)])[:, :, rows : rows + h, columns : columns + v]
    return y.copy() if b is None else y + along_channels(b, y)


def accumulator_not_reset(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the sums are not set to 0 for the next sample, so each sample of y contains all before it"""
    y = conv_transpose2d.forward(x, w, None, **options).cumsum(0)
    return y if b is None else y + along_channels(b, y)


def square_weight_gradient_transposed(
    dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """rows and columns of dw are exchanged where the kernel is square"""
    dx, dw, db = conv_transpose2d.backward(dy, x, w, b, **options)
    return dx, np.ascontiguousarray(dw.swapaxes(2, 3)) if dw.shape[2] == dw.shape[3] else dw, db


def divided_by_the_strides(dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dx is divided by the product of the strides, as if the zeros between the elements of x shared dy"""
    dx, dw, db = conv_transpose2d.backward(dy, x, w, b, **options)
    return dx / prod(per_axis("conv_transpose2d", "stride", options.get("stride", 1), 2, 1)), dw, db
