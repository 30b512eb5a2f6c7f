"""Sums that add one term at a time, from the last to the first, in the dtype of the inputs."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from cnn_oracle.manual import layer_norm as norm
from cnn_oracle.manual import linear as layer
from cnn_oracle.manual import mse_loss as loss
from cnn_oracle.manual import softmax as exponential
from cnn_oracle.manual._floats import ieee
from cnn_oracle.manual._typing import Array


def _sum(a: Array, axis: int = -1) -> Array:
    """The sum along one axis, which is kept."""
    terms = np.flip(np.moveaxis(a, axis, -1), -1)
    if not terms.shape[-1]:
        return np.asarray(a.sum(axis, keepdims=True))
    return np.moveaxis(np.add.accumulate(terms, -1, dtype=a.dtype)[..., -1:], -1, axis)


def _linear(x: Array, w: Array, b: Array | None = None) -> Array:
    y = layer.forward(x, w, b)
    if w.ndim < 2:
        return y
    total = _sum(x[..., None, :] * w)[..., 0]
    return total if b is None else total + b


@ieee
def _softmax(x: Array, *, dim: int) -> Array:
    y = exponential.forward(x, dim=dim)
    if not x.ndim or not x.size:
        return y
    e = np.exp(x - x.max(dim, keepdims=True))
    return np.asarray(e * (1 / _sum(e, dim)))


@ieee
def _softmax_gradient(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    (dx,) = exponential.backward(dy, x, dim=dim)
    if not x.ndim or not x.size:
        return (dx,)
    y = _softmax(x, dim=dim)
    return (y * dy - y * _sum(y * dy, dim),)


def _mse(x: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None) -> Array:
    y = loss.forward(x, target, reduction=reduction, weight=weight)
    if reduction == "none" or weight is not None or not x.size:
        return y
    d = (target - x).ravel()
    total = _sum(d * d)[0]
    return np.asarray(total / x.dtype.type(x.size) if reduction == "mean" else total)


linear = SimpleNamespace(forward=_linear, backward=layer.backward)
softmax = SimpleNamespace(forward=_softmax, backward=_softmax_gradient)
mse_loss = SimpleNamespace(forward=_mse, backward=loss.backward)


def _layer_norm(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, normalized_shape: Any, eps: float = 1e-5
) -> Array:
    y = norm.forward(x, weight, bias, normalized_shape=normalized_shape, eps=eps)
    if not x.size:
        return y
    rows = x.reshape(*x.shape[: x.ndim - len(normalized_shape)], -1)
    count = x.dtype.type(rows.shape[-1])
    centred = rows - _sum(rows) / count
    z = (centred / np.sqrt(_sum(centred * centred) / count + x.dtype.type(eps))).reshape(x.shape)
    scaled = z if weight is None else weight * z
    return np.asarray(scaled if bias is None else bias + scaled)


layer_norm = SimpleNamespace(forward=_layer_norm, backward=norm.backward)
