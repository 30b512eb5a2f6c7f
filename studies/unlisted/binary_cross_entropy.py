"""Unlisted wrong derivations of binary cross-entropy."""

from typing import Any

import numpy as np

from cnn_oracle.manual import binary_cross_entropy
from cnn_oracle.manual._typing import Array


def arguments_exchanged(x: Array, target: Array, **options: Any) -> Array:
    """x and target are exchanged: the loss has the logarithms of the target"""
    return binary_cross_entropy.forward(target, x, **options)


def logarithm_to_base_two(x: Array, target: Array, **options: Any) -> Array:
    """the logarithms are to base 2, in bits; natural ones are right"""
    y: Array = np.asarray(binary_cross_entropy.forward(x, target, **options) / np.log(x.dtype.type(2)))
    return y
