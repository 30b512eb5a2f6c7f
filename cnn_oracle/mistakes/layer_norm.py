"""Wrong derivations of layer normalisation."""

from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual import layer_norm
from cnn_oracle.manual._typing import Array

Gradients = tuple[Array, Array | None, Array | None]


def variance_by_cancellation(
    x: Array, weight: Array | None = None, bias: Array | None = None, *,
    normalized_shape: tuple[int, ...], eps: float = 1e-5,
) -> Array:  # fmt: skip
    """the variance is Σx²/M − m², which loses its digits where the mean is large"""
    axes, m = _axes(normalized_shape), x.dtype.type(max(prod(normalized_shape), 1))
    mean = x.sum(axes, keepdims=True) / m
    variance = (x * x).sum(axes, keepdims=True) / m - mean * mean
    z: Array = (x - mean) / np.sqrt(np.maximum(variance, 0) + x.dtype.type(eps))
    z = z if weight is None else z * weight
    return z if bias is None else z + bias


def last_axis_alone(
    x: Array, weight: Array | None = None, bias: Array | None = None, *,
    normalized_shape: tuple[int, ...], eps: float = 1e-5,
) -> Array:  # fmt: skip
    """only the last of several normalized axes is averaged over"""
    z = layer_norm.forward(x, normalized_shape=normalized_shape[-1:], eps=eps)
    z = z if weight is None else z * weight
    return z if bias is None else z + bias


def gamma_multiplied_at_the_end(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """the weight multiplies dx at the end; it must multiply dy before the means are taken"""
    _, dweight, dbias = layer_norm.backward(dy, x, weight, bias, **options)
    (dx, _, _) = layer_norm.backward(dy, x, None, None, **options)
    return dx if weight is None else dx * weight, dweight, dbias


def _axes(normalized_shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(-len(normalized_shape), 0))
