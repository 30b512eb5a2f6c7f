"""Unlisted wrong derivations of the leaky rectified linear unit."""

import numpy as np

from cnn_oracle.manual import leaky_relu
from cnn_oracle.manual._typing import Array


def larger_of_both(x: Array, *, negative_slope: float = 0.01) -> Array:
    """y is max(x, α x), which is right only for slopes up to 1"""
    y: Array = np.maximum(x, negative_slope * x)
    return y


def slope_hard_coded_in_dx(dy: Array, x: Array, *, negative_slope: float = 0.01) -> tuple[Array]:
    """dx ignores negative_slope: it is always 0.01"""
    return leaky_relu.backward(dy, x)
