"""Wrong derivations of batch normalisation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import batch_norm
from cnn_oracle.manual._typing import Array

Gradients = tuple[Array, Array | None, Array | None]


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


def training_gradient_in_evaluation(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """the gradients in evaluation are those of training, by the batch's statistics"""
    if x.size == x.shape[1] or not options.get("eps", 1e-5):  # training raises an error for it
        return batch_norm.backward(dy, x, weight, bias, **options)
    return batch_norm.backward(dy, x, weight, bias, **(options | {"training": True}))


def running_statistics_differentiated(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """dx in evaluation differentiates the running statistics as if they were computed from x; they are constants"""
    _, dweight, dbias = batch_norm.backward(dy, x, weight, bias, **options)
    return training_gradient_in_evaluation(dy, x, weight, bias, **options)[0], dweight, dbias


def _scaled(z: Array, weight: Array | None, bias: Array | None) -> Array:
    y = z if weight is None else z * _column(weight, z)
    return y if bias is None else y + _column(bias, z)


def _column(a: Array, x: Array) -> Array:
    return a.reshape(1, -1, *(1,) * (x.ndim - 2))
