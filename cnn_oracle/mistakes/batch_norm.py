"""Wrong derivations of batch normalisation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import batch_norm
from cnn_oracle.manual._typing import Array

Gradients = tuple[Array, Array | None, Array | None]


def eps_outside_the_root(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, eps: float = 1e-5, **options: Any
) -> Array:
    """eps is added to the standard deviation, not to the variance"""
    m, v = _statistics(x, **options)
    return _scaled((x - m) / (np.sqrt(v) + eps), weight, bias)


def unbiased_variance(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, eps: float = 1e-5, **options: Any
) -> Array:
    """x is divided by the root of the unbiased variance, divisor M − 1, which only running_var uses"""
    m, v = _statistics(x, **options)
    count = x.size // x.shape[1]
    factor = count / max(count - 1, 1) if options.get("training") else 1.0
    return _scaled((x - m) / np.sqrt(v * factor + eps), weight, bias)


def evaluation_by_the_batch(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, training: bool = False, **options: Any
) -> Array:
    """evaluation uses the statistics of the batch, as training does, not the running statistics"""
    if x.size == x.shape[1] or not options.get("eps", 1e-5):  # training raises an error for it
        return batch_norm.forward(x, weight, bias, training=training, **options)
    return batch_norm.forward(x, weight, bias, training=True, **options)


def mean_over_the_batch_alone(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, training: bool = False, **options: Any
) -> Array:
    """the statistics are taken over the batch only, not over batch and space"""
    if not training or not len(x):
        return batch_norm.forward(x, weight, bias, training=training, **options)
    m, v = x.mean(0), x.var(0)
    return _scaled((x - m) / np.sqrt(v + options.get("eps", 1e-5)), weight, bias)


def mean_term_left_out(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """the gradient through the mean, − Σ dz / M, is missing in dx"""
    dx, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    if not options.get("training"):
        return dx, dweight, dbias
    _, v = _statistics(x, **options)
    dz = _scaled(dy, weight, None)
    return dx + _mean(dz) / np.sqrt(v + options.get("eps", 1e-5)), dweight, dbias


def variance_term_left_out(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """the gradient through the variance, − z Σ dz z / M, is missing in dx"""
    dx, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    if not options.get("training"):
        return dx, dweight, dbias
    m, v = _statistics(x, **options)
    s = 1 / np.sqrt(v + options.get("eps", 1e-5))
    z = (x - m) * s
    return dx + s * z * _mean(_scaled(dy, weight, None) * z), dweight, dbias


def statistics_taken_for_constants(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """dx in training is s dz, as in evaluation: mean and variance are not differentiated"""
    _, v = _statistics(x, **options)
    _, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    return _scaled(dy, weight, None) / np.sqrt(v + options.get("eps", 1e-5)), dweight, dbias


def gamma_left_out_of_dx(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """dx is computed from dy, not from dy times the weight"""
    _, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    return batch_norm.backward(dy, x, None, None, **options)[0], dweight, dbias


def weight_gradient_of_x(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """dweight is Σ dy x; it must be Σ dy z, with the standardised x"""
    dx, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    return dx, None if dweight is None else (dy * x).sum((0, *range(2, x.ndim))), dbias


def _statistics(
    x: Array, *, training: bool = False, running_mean: Array | None = None, running_var: Array | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Array]:  # fmt: skip
    if training:
        m = _mean(x)
        return m, _mean((x - m) ** 2)
    assert running_mean is not None
    assert running_var is not None
    return _column(running_mean, x), _column(running_var, x)


def _mean(x: Array) -> Array:
    mean: Array = x.sum((0, *range(2, x.ndim)), keepdims=True) / x.dtype.type(max(x.size // x.shape[1], 1))
    return mean


def _scaled(z: Array, weight: Array | None, bias: Array | None) -> Array:
    y = z if weight is None else z * _column(weight, z)
    return y if bias is None else y + _column(bias, z)


def _column(a: Array, x: Array) -> Array:
    return a.reshape(1, -1, *(1,) * (x.ndim - 2))
