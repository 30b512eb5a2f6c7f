"""Unlisted wrong derivations of layer normalisation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import layer_norm
from cnn_oracle.manual._typing import Array
from cnn_oracle.studies.unlisted._numbers import mean, variance

Gradients = tuple[Array, Array | None, Array | None]


def statistics_in_float16(
    x: Array, weight: Array | None = None, bias: Array | None = None, *,
    normalized_shape: tuple[int, ...], eps: float = 1e-5,
) -> Array:  # fmt: skip
    """mean and variance are rounded to float16"""
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    m, v = (of(x, axes).astype(np.float16).astype(x.dtype) for of in (mean, variance))
    z: Array = (x - m) / np.sqrt(v + eps)
    y = z if weight is None else z * weight
    return y if bias is None else y + bias


def bias_before_weight(x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any) -> Array:
    """the bias is added before the weight multiplies: γ (z + β); γ z + β is right"""
    z = layer_norm.forward(x, None, bias, **options)
    return z if weight is None else z * weight


def variance_term_added(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, *,
    normalized_shape: tuple[int, ...], eps: float = 1e-5,
) -> Gradients:  # fmt: skip
    """the term of the variance, z Σ dz z / M, is added in dx; it must be subtracted"""
    dx, dweight, dbias = layer_norm.backward(dy, x, weight, bias, normalized_shape=normalized_shape, eps=eps)
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    s = 1 / np.sqrt(variance(x, axes) + eps)
    z = (x - mean(x, axes)) * s
    dz = dy if weight is None else dy * weight
    return dx + 2 * s * z * mean(dz * z, axes), dweight, dbias
