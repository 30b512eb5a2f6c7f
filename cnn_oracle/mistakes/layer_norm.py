"""Wrong derivations of layer normalisation."""

from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual import layer_norm
from cnn_oracle.manual._typing import Array

Gradients = tuple[Array, Array | None, Array | None]


def unbiased_variance(
    x: Array, weight: Array | None = None, bias: Array | None = None, *,
    normalized_shape: tuple[int, ...], eps: float = 1e-5,
) -> Array:  # fmt: skip
    """the variance is divided by M − 1, not by M"""
    axes, m = _axes(normalized_shape), max(prod(normalized_shape), 1)
    c = x - x.sum(axes, keepdims=True) / x.dtype.type(m)
    z: Array = c / np.sqrt((c * c).sum(axes, keepdims=True) / x.dtype.type(max(m - 1, 1)) + eps)
    z = z if weight is None else z * weight
    return z if bias is None else z + bias


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


def mean_term_left_out(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """the gradient through the mean, − Σ dz / M, is missing in dx"""
    dx, dweight, dbias = layer_norm.backward(dy, x, weight, bias, **options)
    axes, m = _axes(options["normalized_shape"]), x.dtype.type(max(prod(options["normalized_shape"]), 1))
    dz = dy if weight is None else dy * weight
    c = x - x.sum(axes, keepdims=True) / m
    s = 1 / np.sqrt((c * c).sum(axes, keepdims=True) / m + options.get("eps", 1e-5))
    return dx + s * dz.sum(axes, keepdims=True) / m, dweight, dbias


def weight_gradient_averaged(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """dweight and dbias are averaged over the samples; they must be summed"""
    dx, dweight, dbias = layer_norm.backward(dy, x, weight, bias, **options)
    n = x.dtype.type(max(x.size // max(prod(options["normalized_shape"]), 1), 1))
    return dx, None if dweight is None else dweight / n, None if dbias is None else dbias / n


def _axes(normalized_shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(-len(normalized_shape), 0))
