"""Wrong derivations of group normalisation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import group_norm
from cnn_oracle.manual._typing import Array

Gradients = tuple[Array, Array | None, Array | None]


def groups_interleaved(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, num_groups: int, eps: float = 1e-5
) -> Array:
    """channel c is in group c mod G, not in group ⌊c G / C⌋"""
    c = x.shape[1]
    order = np.arange(c).reshape(c // num_groups, num_groups).T.ravel()
    z = np.empty_like(x)
    z[:, order] = group_norm.forward(x[:, order], num_groups=num_groups, eps=eps)
    return _affine(z, weight, bias)


def groups_for_channels_per_group(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, num_groups: int, eps: float = 1e-5
) -> Array:
    """num_groups is used as the number of channels per group"""
    groups = x.shape[1] // num_groups
    if x.shape[1] % groups or x.size // groups == 1:  # group_norm raises an error for it
        groups = num_groups
    return group_norm.forward(x, weight, bias, num_groups=groups, eps=eps)


def weight_for_each_group(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, num_groups: int, eps: float = 1e-5
) -> Array:
    """all channels of a group get the weight and bias of its first channel"""
    k = x.shape[1] // num_groups
    first = [None if a is None else np.repeat(a[::k], k) for a in (weight, bias)]
    return group_norm.forward(x, *first, num_groups=num_groups, eps=eps)


def gamma_multiplied_at_the_end(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, **options: Any
) -> Gradients:
    """the weight multiplies dx at the end; it must multiply dy before the means are taken"""
    _, dweight, dbias = group_norm.backward(dy, x, weight, bias, **options)
    (dx, _, _) = group_norm.backward(dy, x, None, None, **options)
    return _affine(dx, weight, None), dweight, dbias


def _affine(z: Array, weight: Array | None, bias: Array | None) -> Array:
    column = (-1, *(1,) * (z.ndim - 2))
    y = z if weight is None else z * weight.reshape(column)
    return y if bias is None else y + bias.reshape(column)
