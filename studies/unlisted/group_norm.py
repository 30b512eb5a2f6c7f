"""Unlisted wrong derivations of group normalisation."""

from math import prod

import numpy as np

from cnn_oracle.manual import group_norm
from cnn_oracle.manual._typing import Array
from cnn_oracle.studies.unlisted._numbers import mean, variance

Gradients = tuple[Array, Array | None, Array | None]


def eps_twice(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, num_groups: int, eps: float = 1e-5
) -> Array:
    """eps is added to the variance, and once more to its root"""
    z = group_norm.forward(x, num_groups=num_groups, eps=eps)
    n, c, p = len(x), x.shape[1], prod(x.shape[2:])
    v = variance(x.reshape(n, num_groups, c // num_groups * p), (2,))[:, :, 0]
    s = np.sqrt(v + eps) / (np.sqrt(v + eps) + eps)
    y: Array = z * np.repeat(s, c // num_groups, 1).reshape(*x.shape[:2], *(1,) * (x.ndim - 2))
    shape = (-1, *(1,) * (x.ndim - 2))
    y = y if weight is None else y * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


def means_of_each_channel(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, *, num_groups: int, eps: float = 1e-5
) -> Gradients:
    """in dx the means of dz and of dz z run over space alone, not over all channels of the group"""
    _, dweight, dbias = group_norm.backward(dy, x, weight, bias, num_groups=num_groups, eps=eps)
    n, c, p = len(x), x.shape[1], prod(x.shape[2:])
    groups = x.reshape(n, num_groups, c // num_groups, p)
    s = 1 / np.sqrt(variance(groups, (2, 3)) + eps)
    z = (groups - mean(groups, (2, 3))) * s
    dz = dy if weight is None else dy * weight.reshape(-1, *(1,) * (x.ndim - 2))
    dz = dz.reshape(groups.shape)
    dx = s * (dz - mean(dz, (3,)) - z * mean(dz * z, (3,)))
    return dx.reshape(x.shape), dweight, dbias
