"""Wrong derivations of the gated linear unit."""

import numpy as np

from cnn_oracle.manual import glu
from cnn_oracle.manual._typing import Array


def halves_exchanged(x: Array, *, dim: int = -1) -> Array:
    """the halves are exchanged: the first half is the gate, not the second"""
    return glu.forward(np.roll(x, x.shape[dim] // 2, dim), dim=dim)


def gate_not_differentiated(dy: Array, x: Array, *, dim: int = -1) -> tuple[Array]:
    """the gate is treated as a constant: the second half of dx is zero"""
    da, db = np.split(glu.backward(dy, x, dim=dim)[0], 2, dim)
    return (np.concatenate((da, np.zeros_like(db)), dim),)
