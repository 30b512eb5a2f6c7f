"""Unlisted wrong derivations of the parametric rectified linear unit."""

import numpy as np

from cnn_oracle.manual import prelu
from cnn_oracle.manual._typing import Array


def first_slope_alone(x: Array, w: Array) -> Array:
    """every channel has the first slope"""
    return prelu.forward(x, np.repeat(w.reshape(-1)[:1], w.size).reshape(w.shape))


def slope_in_dw(dy: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """dw sums dy w x where x ≤ 0; the factor w does not belong there"""
    dx, dw = prelu.backward(dy, x, w)
    return dx, dw * w
