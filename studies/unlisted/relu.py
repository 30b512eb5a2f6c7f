"""Unlisted wrong derivations of the rectified linear unit."""

import numpy as np

from cnn_oracle.manual import relu
from cnn_oracle.manual._typing import Array


def clipped_at_six(x: Array) -> Array:
    """y is at most 6, as in relu6"""
    y: Array = np.minimum(relu.forward(x), 6)
    return y


def nan_taken_for_zero(x: Array) -> Array:
    """y is x where x > 0 and else 0, so NaN becomes 0; it must stay NaN"""
    return np.where(x > 0, x, x.dtype.type(0))


def rest_of_four_left_out(x: Array) -> Array:
    """the elements are computed four at a time, and the rest, of fewer than four, stays 0"""
    y = relu.forward(x).ravel()
    y[y.size // 4 * 4 :] = 0
    return y.reshape(x.shape)


def multiplied_by_the_mask(x: Array) -> Array:
    """y is x times the mask x > 0, which is NaN at −∞"""
    y: Array = x * (x > 0)
    return y


def multiplied_by_y(dy: Array, x: Array) -> tuple[Array]:
    """dx is dy y: y takes the place of the mask"""
    return (dy * np.maximum(x, 0),)
