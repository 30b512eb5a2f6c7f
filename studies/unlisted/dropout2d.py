"""Unlisted wrong derivations of dropout of channels."""

from typing import Any

import numpy as np

from cnn_oracle.manual import dropout2d
from cnn_oracle.manual._typing import Array


def mask_of_the_first_sample(x: Array, *, mask: Array, **options: Any) -> Array:
    """the channels of every sample are dropped by the first sample's mask"""
    return dropout2d.forward(x, mask=np.repeat(mask[:1], len(mask), 0), **options)


def not_scaled_in_dx(dy: Array, x: Array, *, mask: Array, p: float = 0.5, training: bool = True) -> tuple[Array]:
    """dx is dy times the mask: the factor 1/(1 − p) of the forward is missing"""
    return dropout2d.backward(dy, x, mask=mask, p=0.0 if p < 1 else p, training=training)
