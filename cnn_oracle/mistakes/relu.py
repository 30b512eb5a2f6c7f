"""Wrong derivations of the rectified linear unit."""

import numpy as np

from cnn_oracle.manual._typing import Array


def one_at_the_kink(dy: Array, x: Array) -> tuple[Array]:
    """the derivative at 0 is 1; PyTorch's convention is 0"""
    return (np.where(x < 0, dy.dtype.type(0), dy),)


def mask_of_dy(dy: Array, x: Array) -> tuple[Array]:
    """the mask is dy > 0, not x > 0"""
    return (np.where(dy > 0, dy, dy.dtype.type(0)),)


def passed_through(dy: Array, x: Array) -> tuple[Array]:
    """dx is dy: the mask x > 0 is missing"""
    return (dy.copy(),)


def half_at_the_kink(dy: Array, x: Array) -> tuple[Array]:
    """the derivative at 0 is 1/2; PyTorch's convention is 0"""
    return (dy * np.heaviside(x, x.dtype.type(0.5)),)
