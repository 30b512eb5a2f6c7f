"""Unlisted wrong derivations of transposed convolution of volumes."""

from typing import Any

import numpy as np

from cnn_oracle.manual import conv_transpose3d
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._windows import Gradients


def rotated_without_depth(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the kernel is rotated by 180° along rows and columns before the scatter; it must not be"""
    return conv_transpose3d.forward(x, np.flip(w, (3, 4)), b, **options)


def bias_gradient_of_the_first_slice(
    dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """db sums over the first slice of the depth alone"""
    dx, dw, db = conv_transpose3d.backward(dy, x, w, b, **options)
    return dx, dw, None if db is None else dy[:, :, 0].sum((0, 2, 3))
