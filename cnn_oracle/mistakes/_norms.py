"""Wrong derivations that norms with a mean share: batch, instance, layer and group norm.

Notation as in manual/_normalise.py. In evaluation the mean and variance are given, so most mistakes do not show.
"""

from importlib import import_module
from math import prod
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.manual._geometry import Shape
from cnn_oracle.manual._normalise import affine
from cnn_oracle.manual._typing import Array

Gradients = tuple[Array, Array | None, Array | None]
Weight = Array | None


def eps_outside_the_root(op: str, x: Array, weight: Weight = None, bias: Weight = None, **options: Any) -> Array:
    """eps is added to the standard deviation, not to the variance"""
    a = _parts(op, x, **options)
    return a.affine(a.centred / (np.sqrt(a.v) + a.eps), weight, bias)


def eps_left_out(op: str, x: Array, weight: Weight = None, bias: Weight = None, **options: Any) -> Array:
    """eps is ignored: x is divided by the root of the variance alone"""
    a = _parts(op, x, **options)
    return a.affine(a.centred / np.sqrt(a.v), weight, bias)


def unbiased_variance(op: str, x: Array, weight: Weight = None, bias: Weight = None, **options: Any) -> Array:
    """x is divided by the root of the unbiased variance, divisor M − 1; M is right"""
    a = _parts(op, x, **options)
    return a.affine(a.centred / np.sqrt(a.unbiased + a.eps), weight, bias)


def unbiased_deviation_plus_eps(op: str, x: Array, weight: Weight = None, bias: Weight = None, **options: Any) -> Array:
    """x is divided by torch.std(x) + eps: the deviation is unbiased, divisor M − 1, and eps is outside the root"""
    a = _parts(op, x, **options)
    return a.affine(a.centred / (np.sqrt(a.unbiased) + a.eps), weight, bias)


def variance_not_divided(op: str, x: Array, weight: Weight = None, bias: Weight = None, **options: Any) -> Array:
    """the variance is the sum of squares: the 1/M of the mean is missing"""
    a = _parts(op, x, **options)
    return a.affine(a.centred / np.sqrt(a.v * a.count + a.eps), weight, bias)


def root_left_out(op: str, x: Array, weight: Weight = None, bias: Weight = None, **options: Any) -> Array:
    """x is divided by the variance, not by its root"""
    a = _parts(op, x, **options)
    return a.affine(a.centred / (a.v + a.eps), weight, bias)


def mean_term_left_out(
    op: str, dy: Array, x: Array, weight: Weight = None, bias: Weight = None, **options: Any
) -> Gradients:
    """the gradient through the mean, − Σ dz / M, is missing in dx"""
    a, dz, right = _gradients(op, dy, x, weight, bias, options)
    return a.uncells(a.s * (dz - a.z * a.mean(dz * a.z))) if a.computed else right[0], *right[1:]


def variance_term_left_out(
    op: str, dy: Array, x: Array, weight: Weight = None, bias: Weight = None, **options: Any
) -> Gradients:
    """the gradient through the variance, − z Σ dz z / M, is missing in dx"""
    a, dz, right = _gradients(op, dy, x, weight, bias, options)
    return a.uncells(a.s * (dz - a.mean(dz))) if a.computed else right[0], *right[1:]


def statistics_taken_for_constants(
    op: str, dy: Array, x: Array, weight: Weight = None, bias: Weight = None, **options: Any
) -> Gradients:
    """dx is s dz: mean and variance are not differentiated"""
    a, dz, right = _gradients(op, dy, x, weight, bias, options)
    return a.uncells(a.s * dz), *right[1:]


def means_not_divided_in_dx(
    op: str, dy: Array, x: Array, weight: Weight = None, bias: Weight = None, **options: Any
) -> Gradients:
    """dx subtracts Σ dz and z Σ dz z: the 1/M of both means is missing"""
    a, dz, right = _gradients(op, dy, x, weight, bias, options)
    dx = a.s * (dz - a.count * (a.mean(dz) + a.z * a.mean(dz * a.z)))
    return a.uncells(dx) if a.computed else right[0], *right[1:]


def gamma_left_out_of_dx(
    op: str, dy: Array, x: Array, weight: Weight = None, bias: Weight = None, **options: Any
) -> Gradients:
    """dx is computed from dy, not from dy times the weight"""
    backward = import_module(f"cnn_oracle.manual.{op}").backward
    return backward(dy, x, None, None, **options)[0], *backward(dy, x, weight, bias, **options)[1:]


def weight_gradient_of_x(
    op: str, dy: Array, x: Array, weight: Weight = None, bias: Weight = None, **options: Any
) -> Gradients:
    """dweight is Σ dy x; it must be Σ dy z, with the standardised x"""
    dx, dweight, dbias = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, weight, bias, **options)
    if weight is None:
        return dx, dweight, dbias
    products = dy * x
    over = tuple(range(x.ndim - weight.ndim)) if op == "layer_norm" else (0, *range(2, x.ndim))
    return dx, products.sum(over), dbias


def weight_gradient_averaged(
    op: str, dy: Array, x: Array, weight: Weight = None, bias: Weight = None, **options: Any
) -> Gradients:
    """dweight and dbias are averaged; they must be summed"""
    dx, *others = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, weight, bias, **options)
    dweight, dbias = (None if da is None else da / x.dtype.type(max(x.size // max(da.size, 1), 1)) for da in others)
    return dx, dweight, dbias


def weight_gradient_averaged_over_the_batch(
    op: str, dy: Array, x: Array, weight: Weight = None, bias: Weight = None, **options: Any
) -> Gradients:
    """dweight and dbias are divided by the size of the first axis; that 1/N belongs to the loss"""
    dx, *others = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, weight, bias, **options)
    n = x.dtype.type(max(len(x), 1))
    dweight, dbias = (None if da is None else da / n for da in others)
    return dx, dweight, dbias


class _Parts(NamedTuple):
    """x and its moments, in the shape in which A is ``axes`` and the weights are of shape ``weights``."""

    elements: Array
    axes: Shape
    weights: Shape
    shape: Shape  # of x
    m: Array
    v: Array
    eps: float
    computed: bool  # whether the moments are those of x

    @property
    def count(self) -> Any:
        """M."""
        return self.elements.dtype.type(max(prod(self.elements.shape[axis] for axis in self.axes), 1))

    @property
    def centred(self) -> Array:
        """x − m."""
        return self.elements - self.m

    @property
    def unbiased(self) -> Array:
        """The variance with divisor M − 1, if it is computed from x."""
        return self.v * self.count / np.maximum(self.count - 1, 1) if self.computed else self.v

    @property
    def s(self) -> Array:
        scale: Array = 1 / np.sqrt(self.v + self.eps)
        return scale

    @property
    def z(self) -> Array:
        return self.centred * self.s

    def mean(self, a: Array) -> Array:
        mean: Array = a.sum(self.axes, keepdims=True) / self.count
        return mean

    def affine(self, z: Array, weight: Weight, bias: Weight) -> Array:
        return self.uncells(affine(z, weight, bias, self.weights))

    def uncells(self, a: Array) -> Array:
        """The array in x's shape."""
        return a.reshape(self.shape)


def _parts(
    op: str, x: Array, *,
    training: bool = False, use_input_stats: bool = True, running_mean: Weight = None, running_var: Weight = None,
    num_groups: int = 1, normalized_shape: Shape = (), eps: float = 1e-5,
) -> _Parts:  # fmt: skip
    elements, weights = x, (1, -1, *(1,) * (x.ndim - 2))
    axes: Shape = (0, *range(2, x.ndim))
    if op == "instance_norm":
        axes = axes[1:]
    elif op == "layer_norm":
        axes, weights = tuple(range(x.ndim - len(normalized_shape), x.ndim)), normalized_shape
    elif op == "group_norm":
        n, c = x.shape[:2]
        elements = x.reshape(n, num_groups, c // num_groups, prod(x.shape[2:]))
        axes, weights = (2, 3), (1, num_groups, c // num_groups, 1)
    computed = training if op == "batch_norm" else use_input_stats
    if computed:
        count = x.dtype.type(max(prod(elements.shape[axis] for axis in axes), 1))
        m = elements.sum(axes, keepdims=True) / count
        v = ((elements - m) ** 2).sum(axes, keepdims=True) / count
    else:
        assert running_mean is not None
        assert running_var is not None
        m, v = running_mean.reshape(weights), running_var.reshape(weights)
    return _Parts(elements, axes, weights, x.shape, m, v, eps, computed)


def _gradients(
    op: str, dy: Array, x: Array, weight: Weight, bias: Weight, options: dict[str, Any]
) -> tuple[_Parts, Array, Gradients]:
    """The parts of the forward, dz in their shape, and the right gradients."""
    a = _parts(op, x, **options)
    dz = dy.reshape(a.elements.shape) * (1 if weight is None else weight.reshape(a.weights))
    return a, dz, import_module(f"cnn_oracle.manual.{op}").backward(dy, x, weight, bias, **options)
