"""Unlisted wrong derivations of instance normalisation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import instance_norm
from cnn_oracle.manual._typing import Array
from cnn_oracle.studies.unlisted._numbers import mean, variance

Gradients = tuple[Array, Array | None, Array | None]


def mean_of_the_first_sample(x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any) -> Array:
    """the mean of the first sample is subtracted from all samples"""
    if not options.get("use_input_stats", True):
        return instance_norm.forward(x, weight, bias, **options)
    axes, shape = tuple(range(2, x.ndim)), (-1, *(1,) * (x.ndim - 2))
    z = (x - mean(x[:1], axes)) / np.sqrt(variance(x, axes) + options.get("eps", 1e-5))
    y: Array = z if weight is None else z * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


def bias_gradient_of_dx(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """dbias sums dx; it must sum dy"""
    dx, dweight, dbias = instance_norm.backward(dy, x, weight, bias, **options)
    return dx, dweight, None if dbias is None else dx.sum((0, *range(2, x.ndim)))
