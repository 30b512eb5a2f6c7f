"""Unlisted wrong derivations of convolution of images."""

from typing import Any

import numpy as np

from cnn_oracle.manual import conv2d
from cnn_oracle.manual._correlation import along_channels, y_of
from cnn_oracle.manual._geometry import conv, output_size, padded_size
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import pad
from cnn_oracle.mistakes._windows import Gradients
from cnn_oracle.studies.unlisted._numbers import bfloat16


def padding_exchanged(
    x: Array, w: Array, b: Array | None = None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """the padding of the rows is put beside the columns, and that of the columns above the rows"""
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups)
    size = padded_size(x.shape[2:], pads)
    positions = tuple(map(output_size, size, w.shape[2:], t, d))
    xp = pad(x, pads[::-1])
    xp = pad(xp, [(0, max(n - m, 0)) for n, m in zip(size, xp.shape[2:], strict=True)])
    return y_of(xp, w, b, positions, (t, d, [(0, 0), (0, 0)]), groups)


def square_kernel_transposed(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """rows and columns of a square kernel are exchanged"""
    square = w.shape[2] == w.shape[3]
    return conv2d.forward(x, w.swapaxes(2, 3) if square else w, b, **options)


def bias_added_twice(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """y begins as the bias, and the bias is added once more at the end"""
    y = conv2d.forward(x, w, b, **options)
    return y if b is None else y + along_channels(b, y)


def rows_in_fours(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the rows of y are computed four at a time, and the rest, of fewer than four, stays 0"""
    y = conv2d.forward(x, w, b, **options)
    y[:, :, y.shape[2] // 4 * 4 :] = 0
    return y


def first_group_in_dx(dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dx of every group is computed with the kernels of the first group"""
    groups = options.get("groups", 1)
    first = np.tile(w[: len(w) // groups], (groups, 1, 1, 1))
    return conv2d.backward(dy, x, first, b, **options)[0], *conv2d.backward(dy, x, w, b, **options)[1:]


def products_in_bfloat16(dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dw rounds x and dy to bfloat16 before it multiplies them"""
    dx, _, db = conv2d.backward(dy, x, w, b, **options)
    return dx, conv2d.backward(bfloat16(dy), bfloat16(x), w, b, **options)[1], db
