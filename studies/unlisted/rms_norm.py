"""Unlisted wrong derivations of normalisation by the root mean square."""

from typing import Any

import numpy as np

from cnn_oracle.manual import rms_norm
from cnn_oracle.manual._typing import Array
from cnn_oracle.studies.unlisted._numbers import mean


def mean_absolute_value(
    x: Array, weight: Array | None = None, *, normalized_shape: tuple[int, ...], eps: float | None = None
) -> Array:
    """x is divided by the mean of its absolute values, not by the root of its mean square"""
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    least = float(np.finfo(x.dtype).eps) if eps is None else eps
    y: Array = x / (mean(np.abs(x), axes) + least)
    return y if weight is None else y * weight


def eps_of_a_millionth_by_default(
    x: Array, weight: Array | None = None, *, eps: float | None = None, **options: Any
) -> Array:
    """eps is 1e-6 by default; it must be the distance from 1 to the next number"""
    return rms_norm.forward(x, weight, eps=1e-6 if eps is None else eps, **options)


def root_not_cubed(
    dy: Array, x: Array, weight: Array | None = None, *, normalized_shape: tuple[int, ...], eps: float | None = None
) -> tuple[Array, Array | None]:
    """the term of the mean square in dx is divided by the square of the root, not by its cube"""
    axes = tuple(range(x.ndim - len(normalized_shape), x.ndim))
    _, dweight = rms_norm.backward(dy, x, weight, normalized_shape=normalized_shape, eps=eps)
    least = float(np.finfo(x.dtype).eps) if eps is None else eps
    s = 1 / np.sqrt(mean(x * x, axes) + least)
    dz = dy if weight is None else dy * weight
    return s * dz - x * s**2 * mean(dz * x, axes), dweight
