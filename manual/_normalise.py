"""Normalisation, derived once. The ops differ in the axes A of their means, and in the axes of γ and β.

m  = Σ_A x / M                                 M = the cells of A; rms_norm has m = 0
v  = Σ_A (x − m)² / M                          biased: not M − 1
s  = 1/√(v + ε)                                ε inside the root
z  = (x − m) s                                 the standardised x
y  = γ z + β

dβ = Σ dy                                      over the axes that β does not have
dγ = Σ dy z                                    over the axes that γ does not have
dz = γ dy
dx = s (dz − Σ_A dz / M − z Σ_A dz z / M)      rms_norm has no middle term; with m and v given, dx = s dz

dx is s dz + dm/M + 2 (x − m) dv/M, where dm = −s Σ_A dz and dv = −½ s² Σ_A dz z. The dependence of v on m adds
nothing, because Σ_A (x − m) = 0.

Intermediate arrays are changed in place once they are no longer read: for large arrays, new memory costs the most.
"""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._geometry import Shape, same_dtype
from ._typing import Array

BLOCK_BYTES = 2**19  # of x per block


@ieee  # without an ε, a constant x results in 0/0, as in PyTorch
def normalise(
    x: Array, weight: Array | None, bias: Array | None, axes: Shape, shape: Shape, eps: float, centred: bool = True
) -> Array:
    """x → y. A is ``axes``. γ and β are weight and bias in ``shape``: x's axes, with size 1 where they have none."""
    y = np.empty_like(x)
    for n in _samples(x, axes):
        z, _ = _standardise(x[n], axes, eps, centred, out=y[n])
        affine(z, weight, bias, shape)
    return y


@ieee
def normalise_backward(
    dy: Array, x: Array, weight: Array | None, bias: Array | None, axes: Shape, shape: Shape, eps: float,
    centred: bool = True,
) -> tuple[Array, Array | None, Array | None]:  # fmt: skip
    """dy → dx, dweight, dbias."""
    dx = np.empty_like(x)
    dweight, dbias = (None if a is None else np.zeros_like(a) for a in (weight, bias))
    for n in _samples(x, axes):
        z, s = _standardise(x[n], axes, eps, centred)
        dz, *sums = affine_backward(dy[n], z, weight, bias, shape, out=dx[n])
        for total, part in zip((dweight, dbias), sums, strict=True):
            if total is not None:
                total += part
        _standardise_backward(dz, z, s, axes, centred)
    return dx, dweight, dbias


def _samples(x: Array, axes: Shape) -> Iterator[slice]:
    """Slices of about BLOCK_BYTES of samples, still in the cache at the next step; all samples if A includes them."""
    some = max(len(x), 1) if 0 in axes else max(BLOCK_BYTES // max(x[:1].nbytes, 1), 1)
    return (slice(i, i + some) for i in range(0, len(x), some))


def _standardise(x: Array, axes: Shape, eps: float, centred: bool, out: Array | None = None) -> tuple[Array, Array]:
    """z of x's shape, and s with axes of size 1 for A."""
    c = np.subtract(x, _mean(x, axes), out=out) if centred else x
    s = 1 / np.sqrt(_mean_product(c, c, axes) + eps)
    return np.multiply(c, s, out=c if centred else out), s


def _standardise_backward(dz: Array, z: Array, s: Array, axes: Shape, centred: bool) -> None:
    """dz → dx in place, with forward's z and s. It overwrites z, too."""
    z *= _mean_product(dz, z, axes)
    if centred:
        dz -= _mean(dz, axes)
    dz -= z
    dz *= s


@ieee
def given(x: Array, mean: Array | None, var: Array | None, shape: Shape, eps: float) -> tuple[Array, Array]:
    """z and s from a constant mean and variance."""
    assert mean is not None
    assert var is not None
    s = 1 / np.sqrt(var.reshape(shape) + eps)
    z = x - mean.reshape(shape)
    z *= s
    return z, s


def affine(z: Array, weight: Array | None, bias: Array | None, shape: Shape) -> Array:
    """z → y in place. γ and β are weight and bias in ``shape``: z's axes, with size 1 where they have none."""
    if weight is not None:
        z *= weight.reshape(shape)
    if bias is not None:
        z += bias.reshape(shape)
    return z


def affine_backward(
    dy: Array, z: Array, weight: Array | None, bias: Array | None, shape: Shape, out: Array | None = None
) -> tuple[Array, Array | None, Array | None]:
    """dy → dz, dweight, dbias."""
    lacking = tuple(i for i, n in enumerate(shape) if n == 1)
    dz = np.multiply(dy, 1 if weight is None else weight.reshape(shape), out=out)
    dweight = None if weight is None else _sum_of_products(dy, z, lacking).reshape(weight.shape)
    return dz, dweight, None if bias is None else dy.sum(lacking).reshape(bias.shape)


def moments(x: Array, axes: Shape) -> tuple[Array, Array]:
    """The mean and the unbiased variance, Σ_A (x − m)² / (M − 1), for running statistics."""
    m = _mean(x, axes)
    count = x.dtype.type(prod(x.shape[axis] for axis in axes) - 1)
    return m.squeeze(axes), ((x - m) ** 2).sum(axes) / count


def channels(op: str, x: Array, dy: Array | None = None, **vectors: Array | None) -> Shape:
    """The shape in which vectors (C,) broadcast against x, after a check of all shapes.

    PyTorch accepts x without channels only without a weight or a gradient to compute; with one, it fails inside.

    Raises:
        ValueError: x has no channels, or an array does not fit x.
    """
    if x.ndim < 2 or not x.shape[1]:
        raise invalid(op, "x must be (N, C, …), C at least 1", x=x)
    check(op, x, x.shape[1:2], dy, **vectors)
    if (vectors.get("running_mean") is None) != (vectors.get("running_var") is None):
        raise invalid(op, "running_mean and running_var come together or not at all", x=x, **vectors)
    return 1, x.shape[1], *(1,) * (x.ndim - 2)


def last_axes(
    op: str, x: Array, normalized_shape: Shape, dy: Array | None = None, **weights: Array | None
) -> tuple[Shape, Shape]:
    """A, and the shape in which the weights broadcast against x, after a check of all shapes.

    Raises:
        ValueError: normalized_shape is not the sizes of x's last axes, or an array does not fit.
    """
    k = len(normalized_shape) if isinstance(normalized_shape, tuple) else 0
    if not k or x.shape[-k:] != normalized_shape:
        raise invalid(op, "normalized_shape must be the sizes of x's last axes", x=x, normalized_shape=normalized_shape)
    check(op, x, normalized_shape, dy, **weights)
    return tuple(range(x.ndim - k, x.ndim)), (*(1,) * (x.ndim - k), *normalized_shape)


def check(op: str, x: Array, shape: Shape, dy: Array | None, **arrays: Array | None) -> None:
    same_dtype(op, x=x, dy=dy, **arrays)
    for name, a in arrays.items():
        if a is not None and a.shape != shape:
            raise invalid(op, f"{name} must be {shape}", **{"x": x, name: a})
    if dy is not None and dy.shape != x.shape:
        raise invalid(op, "dy must have x's shape", dy=dy, x=x)


def _mean(x: Array, axes: Shape) -> Array:
    """The mean over A, which keeps size 1. If A is empty, it is NaN, and nothing reads it."""
    mean: Array = x.sum(axes, keepdims=True) / _count(x, axes)
    return mean


def _mean_product(a: Array, b: Array, axes: Shape) -> Array:
    mean: Array = _sum_of_products(a, b, axes) / _count(a, axes)
    return mean


def _count(x: Array, axes: Shape) -> Any:
    return x.dtype.type(prod(x.shape[axis] for axis in axes))


def _sum_of_products(a: Array, b: Array, axes: Shape) -> Array:
    """Σ_A a b, with size 1 for A, without an array of products: dot products over the axes of A that are last."""
    lead = a.ndim
    while lead and lead - 1 in axes:
        lead -= 1
    if lead == a.ndim:
        every = list(range(lead))
        total: Array = np.einsum(a, every, b, every, [i for i in every if i not in axes])
        return np.expand_dims(total, axes)
    rows = (*a.shape[:lead], prod(a.shape[lead:]))
    dots = np.vecdot(a.reshape(rows), b.reshape(rows)).reshape(*a.shape[:lead], *(1,) * (a.ndim - lead))
    return np.asarray(dots.sum(axes, keepdims=True))
