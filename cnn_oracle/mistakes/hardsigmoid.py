"""Wrong derivations of hardsigmoid."""

import numpy as np

from cnn_oracle.manual._typing import Array


def slope_of_a_fifth(x: Array) -> Array:
    """the slope is 1/5, as in Theano and older Keras, so y is constant beyond ±5/2, not beyond ±3"""
    return np.clip(x / 5 + 0.5, 0, 1)


def sloping_at_the_kinks(dy: Array, x: Array) -> tuple[Array]:
    """the derivative at ±3 is 1/6; PyTorch's convention is 0"""
    return (np.where(abs(x) <= 3, dy / 6, dy.dtype.type(0)),)
