"""Unlisted wrong derivations of batch normalisation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import batch_norm
from cnn_oracle.manual._typing import Array
from cnn_oracle.studies.unlisted._numbers import mean, variance

Gradients = tuple[Array, Array | None, Array | None]


def eps_hard_coded(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, eps: float = 1e-5, **options: Any
) -> Array:
    """eps is ignored: it is always 1e-5"""
    return batch_norm.forward(x, weight, bias, **options)


def running_statistics_in_training(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, training: bool = False, **options: Any
) -> Array:
    """the running statistics are used in training too, if there are any; training must use those of the batch"""
    given = options.get("running_mean") is not None
    return batch_norm.forward(x, weight, bias, training=training and not given, **options)


def variance_term_doubled(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """the ½ of the root's derivative is missing, so the term of the variance, z Σ dz z / M, counts twice in dx"""
    dx, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    if not options.get("training"):
        return dx, dweight, dbias
    axes = (0, *range(2, x.ndim))
    s = 1 / np.sqrt(variance(x, axes) + options.get("eps", 1e-5))
    z = (x - mean(x, axes)) * s
    dz = dy if weight is None else dy * weight.reshape(-1, *(1,) * (x.ndim - 2))
    return dx - s * z * mean(dz * z, axes), dweight, dbias


def bias_gradient_times_weight(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """dbias sums dz = dy times the weight; it must sum dy"""
    dx, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    return dx, dweight, dbias if dbias is None or weight is None else dbias * weight
