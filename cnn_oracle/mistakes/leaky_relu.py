"""Wrong derivations of the leaky rectified linear unit."""

import numpy as np

from cnn_oracle.manual._typing import Array


def one_at_the_kink(dy: Array, x: Array, *, negative_slope: float = 0.01) -> tuple[Array]:
    """the derivative at 0 is 1; PyTorch's convention is the slope"""
    return (np.where(x >= 0, dy, dy * negative_slope),)


def mask_of_dy(dy: Array, x: Array, *, negative_slope: float = 0.01) -> tuple[Array]:
    """the mask is dy > 0, not x > 0"""
    return (np.where(dy > 0, dy, dy * negative_slope),)


def no_leak_in_dx(dy: Array, x: Array, *, negative_slope: float = 0.01) -> tuple[Array]:
    """dx is 0 where x ≤ 0, as in relu; it must be dy times the slope"""
    return (np.where(x > 0, dy, dy.dtype.type(0)),)


def mean_at_the_kink(dy: Array, x: Array, *, negative_slope: float = 0.01) -> tuple[Array]:
    """the derivative at 0 is the mean of both slopes; PyTorch's convention is the slope below"""
    slope = np.where(x > 0, 1.0, np.where(x < 0, negative_slope, (1 + negative_slope) / 2))
    return (dy * slope.astype(x.dtype),)
