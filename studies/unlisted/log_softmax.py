"""Unlisted wrong derivations of log-softmax."""

import numpy as np

from cnn_oracle.manual import log_softmax
from cnn_oracle.manual._typing import Array


def computed_in_float32(x: Array, *, dim: int) -> Array:
    """y is computed in float32, also if x has another dtype"""
    return np.asarray(log_softmax.forward(x.astype(np.float32), dim=dim)).astype(x.dtype)


def logarithms_for_probabilities(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dx is dy − y Σ dy; y must be exponentiated there"""
    return (dy - log_softmax.forward(x, dim=dim) * dy.sum(dim if x.ndim else (), keepdims=True),)
