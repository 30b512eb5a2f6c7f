"""Unlisted wrong derivations of the gated linear unit."""

import numpy as np

from cnn_oracle.manual import glu, sigmoid
from cnn_oracle.manual._typing import Array


def halves_interleaved(x: Array, *, dim: int = -1) -> Array:
    """even elements are gated by the odd ones after them; the first half must be gated by the second"""
    pairs = np.moveaxis(x, dim, -1)
    apart = np.concatenate((pairs[..., ::2], pairs[..., 1::2]), -1)
    return glu.forward(np.ascontiguousarray(np.moveaxis(apart, -1, dim)), dim=dim)


def gate_of_the_wrong_half(dy: Array, x: Array, *, dim: int = -1) -> tuple[Array]:
    """the gate's derivative s (1 − s) is taken at the first half, not at the gate"""
    a, b = np.split(x, 2, dim)
    s, of_a = sigmoid.forward(b), sigmoid.forward(a)
    return (np.concatenate((dy * s, dy * a * of_a * (1 - of_a)), dim),)


def dy_squared(dy: Array, x: Array, *, dim: int = -1) -> tuple[Array]:
    """dy multiplies the gradient of the gate twice"""
    a, b = np.split(glu.backward(dy, x, dim=dim)[0], 2, dim)
    return (np.concatenate((a, b * dy), dim),)
