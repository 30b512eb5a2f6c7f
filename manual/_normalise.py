"""Normalisation, derived once. The ops differ in the axes A that they average over, and in the axes that γ and β have.

m  = Σ_A x / M                                 M = the cells of A; rms_norm has m = 0
v  = Σ_A (x − m)² / M                          biased: not M − 1
s  = 1/√(v + ε)                                ε inside the root
z  = (x − m) s                                 the standardised x
y  = γ z + β

dβ = Σ dy                                      over the axes that β lacks
dγ = Σ dy z                                    over the axes that γ lacks
dz = γ dy
dx = s (dz − Σ_A dz / M − z Σ_A dz z / M)      rms_norm lacks the middle term; with m and v given, dx = s dz

dx is s dz + dm/M + 2 (x − m) dv/M, and there dm = −s Σ_A dz, dv = −½ s² Σ_A dz z; that v depends on m counts for
nothing, because Σ_A (x − m) = 0.
"""

from math import prod

import numpy as np

from manual._errors import refusal
from manual._geometry import Shape, same_dtype
from manual._typing import Array


def standardise(x: Array, axes: Shape, eps: float, centred: bool = True) -> tuple[Array, Array]:
    """z of x's shape, and s with axes of size 1 for A."""
    c = x - _mean(x, axes) if centred else x
    with np.errstate(divide="ignore", invalid="ignore"):  # without an ε a constant is 0/0, as in PyTorch
        s = 1 / np.sqrt(_mean(c * c, axes) + eps)
        return c * s, s


def standardise_backward(dz: Array, z: Array, s: Array, axes: Shape, centred: bool = True) -> Array:
    """dz → dx, at forward's z and s."""
    with np.errstate(invalid="ignore"):
        c = dz - _mean(dz, axes) if centred else dz
        dx: Array = s * (c - z * _mean(dz * z, axes))
    return dx


def given(x: Array, mean: Array | None, var: Array | None, shape: Shape, eps: float) -> tuple[Array, Array]:
    """z and s by a mean and a variance that are constants."""
    assert mean is not None
    assert var is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        s = 1 / np.sqrt(var.reshape(shape) + eps)
        return (x - mean.reshape(shape)) * s, s


def affine(z: Array, weight: Array | None, bias: Array | None, shape: Shape) -> Array:
    """y; γ and β are weight and bias as ``shape``, which has z's axes, size 1 for those that they lack."""
    y = z if weight is None else z * weight.reshape(shape)
    return y if bias is None else y + bias.reshape(shape)


def affine_backward(
    dy: Array, z: Array, weight: Array | None, bias: Array | None, shape: Shape
) -> tuple[Array, Array | None, Array | None]:
    """dy → dz, dweight, dbias."""
    lacking = tuple(i for i, n in enumerate(shape) if n == 1)
    dz = dy if weight is None else dy * weight.reshape(shape)
    dweight = None if weight is None else (dy * z).sum(lacking).reshape(weight.shape)
    return dz, dweight, None if bias is None else dy.sum(lacking).reshape(bias.shape)


def moments(x: Array, axes: Shape) -> tuple[Array, Array]:
    """The mean and the unbiased variance, Σ_A (x − m)² / (M − 1): what running statistics are made of."""
    m = _mean(x, axes)
    count = x.dtype.type(prod(x.shape[axis] for axis in axes) - 1)
    return m.squeeze(axes), ((x - m) ** 2).sum(axes) / count


def channels(op: str, x: Array, dy: Array | None = None, **vectors: Array | None) -> Shape:
    """The shape of (C,) beside x; refuses x without channels, and vectors that have not one number for each of them.

    PyTorch takes x without channels if it is alone: with a weight or a gradient to compute it fails inside.
    """
    if x.ndim < 2 or not x.shape[1]:
        raise refusal(op, "x must be (N, C, …), C at least 1", x=x)
    check(op, x, x.shape[1:2], dy, **vectors)
    if (vectors.get("running_mean") is None) != (vectors.get("running_var") is None):
        raise refusal(op, "running_mean and running_var come together or not at all", x=x, **vectors)
    return 1, x.shape[1], *(1,) * (x.ndim - 2)


def last_axes(
    op: str, x: Array, normalized_shape: Shape, dy: Array | None = None, **weights: Array | None
) -> tuple[Shape, Shape]:
    """A, and the shape of the weights beside x; refuses sizes that are not those of x's last axes."""
    k = len(normalized_shape) if isinstance(normalized_shape, tuple) else 0
    if not k or x.shape[-k:] != normalized_shape:
        raise refusal(op, "normalized_shape must be the sizes of x's last axes", x=x, normalized_shape=normalized_shape)
    check(op, x, normalized_shape, dy, **weights)
    return tuple(range(x.ndim - k, x.ndim)), (*(1,) * (x.ndim - k), *normalized_shape)


def check(op: str, x: Array, shape: Shape, dy: Array | None, **arrays: Array | None) -> None:
    same_dtype(op, x=x, dy=dy, **arrays)
    for name, a in arrays.items():
        if a is not None and a.shape != shape:
            raise refusal(op, f"{name} must be {shape}", **{"x": x, name: a})
    if dy is not None and dy.shape != x.shape:
        raise refusal(op, "dy must have x's shape", dy=dy, x=x)


def _mean(x: Array, axes: Shape) -> Array:
    """The mean over A, which stays with size 1; 0 if A has no cells (NumPy would warn, and nothing reads it)."""
    mean: Array = x.sum(axes, keepdims=True) / x.dtype.type(max(prod(x.shape[axis] for axis in axes), 1))
    return mean
