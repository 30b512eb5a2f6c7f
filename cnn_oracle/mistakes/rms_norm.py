"""Wrong derivations of root mean square normalisation."""

from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual import layer_norm, rms_norm
from cnn_oracle.manual._typing import Array


def mean_subtracted(x: Array, weight: Array | None = None, **options: Any) -> Array:
    """the mean is subtracted first, as in layer norm"""
    eps = np.finfo(x.dtype).eps if options.get("eps") is None else options["eps"]
    return layer_norm.forward(x, weight, **(options | {"eps": float(eps)}))


def eps_outside_the_root(
    x: Array, weight: Array | None = None, *, normalized_shape: tuple[int, ...], eps: float | None = None
) -> Array:
    """eps is added to the root mean square, not to the mean square"""
    root = np.sqrt(_mean(x * x, normalized_shape)) + (np.finfo(x.dtype).eps if eps is None else eps)
    z: Array = x / root.astype(x.dtype)
    return z if weight is None else z * weight


def sum_for_mean(
    x: Array, weight: Array | None = None, *, normalized_shape: tuple[int, ...], eps: float | None = None
) -> Array:
    """x is divided by the root of the sum of squares; the 1/M of the mean is missing"""
    m = max(prod(normalized_shape), 1)
    epsilon = float(np.finfo(x.dtype).eps if eps is None else eps)
    y: Array = rms_norm.forward(x, weight, normalized_shape=normalized_shape, eps=epsilon / m) / x.dtype.type(m**0.5)
    return y


def root_taken_for_a_constant(dy: Array, x: Array, weight: Array | None = None, **options: Any) -> tuple[Array, Any]:
    """dx is dz divided by the root mean square, which is not differentiated"""
    _, dweight = rms_norm.backward(dy, x, weight, **options)
    eps = np.finfo(x.dtype).eps if options.get("eps") is None else options["eps"]
    root = np.sqrt(_mean(x * x, options["normalized_shape"]) + eps).astype(x.dtype)
    return (dy if weight is None else dy * weight) / root, dweight


def gamma_left_out_of_dx(dy: Array, x: Array, weight: Array | None = None, **options: Any) -> tuple[Array, Any]:
    """dx is computed from dy, not from dy times the weight"""
    return rms_norm.backward(dy, x, None, **options)[0], rms_norm.backward(dy, x, weight, **options)[1]


def _mean(x: Array, normalized_shape: tuple[int, ...]) -> Array:
    axes = tuple(range(-len(normalized_shape), 0))
    mean: Array = x.sum(axes, keepdims=True) / x.dtype.type(max(prod(normalized_shape), 1))
    return mean


def eps_left_out(x: Array, weight: Array | None = None, *, normalized_shape: tuple[int, ...], **_: Any) -> Array:
    """eps is ignored: x is divided by the root of the mean square alone"""
    z: Array = x / np.sqrt(_mean(x * x, normalized_shape))
    return z if weight is None else z * weight


def weight_gradient_averaged(dy: Array, x: Array, weight: Array | None = None, **options: Any) -> tuple[Array, Any]:
    """dweight is averaged over the samples; it must be summed"""
    dx, dweight = rms_norm.backward(dy, x, weight, **options)
    return dx, None if dweight is None else dweight / x.dtype.type(max(x.size // max(dweight.size, 1), 1))


def weight_gradient_of_x(dy: Array, x: Array, weight: Array | None = None, **options: Any) -> tuple[Array, Any]:
    """dweight is Σ dy x; it must be Σ dy z, with x divided by its root mean square"""
    dx, _ = rms_norm.backward(dy, x, weight, **options)
    return dx, None if weight is None else (dy * x).sum(tuple(range(x.ndim - weight.ndim)))


def mean_not_divided_in_dx(dy: Array, x: Array, weight: Array | None = None, **options: Any) -> tuple[Array, Any]:
    """dx subtracts z Σ dz z: the 1/M of the mean is missing"""
    eps, axes = np.finfo(x.dtype).eps if options.get("eps") is None else options["eps"], options["normalized_shape"]
    s = 1 / np.sqrt(_mean(x * x, axes) + eps).astype(x.dtype)
    z, dz = x * s, dy if weight is None else dy * weight
    m = x.dtype.type(prod(axes))
    return s * (dz - z * m * _mean(dz * z, axes)), rms_norm.backward(dy, x, weight, **options)[1]
