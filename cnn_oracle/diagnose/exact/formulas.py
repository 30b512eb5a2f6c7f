"""Definitions of ops that are formulas of one or a few numbers: activations, softmax, norms, losses."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from cnn_oracle.manual._typing import Array

Index = tuple[int, ...]
Definition = Callable[..., Any]


def softmax(index: Index, *, x: Array, dim: int) -> Any:
    return _exp(x[index]) / sum(map(_exp, _line(index, x, dim)))


def log_softmax(index: Index, *, x: Array, dim: int) -> Any:
    return _real(x[index]) - mpmath.log(sum(map(_exp, _line(index, x, dim))))


def _line(index: Index, x: Array, dim: int) -> list[Any]:
    """The elements of x whose index equals ``index``, except along ``dim``."""
    if not index:
        return [x[()]]
    dim %= len(index)
    return [x[(*index[:dim], i, *index[dim + 1 :])] for i in range(x.shape[dim])]


def prelu(index: Index, *, x: Array, w: Array) -> Any:
    v, slope = x[index], w.flat[index[1] if w.size > 1 else 0]
    return v if v > 0 else slope * v


def _each(f: Callable[..., Any]) -> Definition:
    """The definition of an elementwise op, from a function of one number."""
    return lambda index, *, x, **options: f(x[index], **options)


def _loss(f: Callable[..., Any], over_weights: bool = False) -> Definition:
    """The definition of a loss, from a function of x, target and the options.

    The losses are weighted. They are returned each, or as their sum, or as their mean over elements or weights.
    """

    def definition(
        index: Index, *, x: Array, target: Array, reduction: str, weight: Array | None = None, **options: Any
    ) -> Any:
        v = np.broadcast_to(np.array(Fraction(1)) if weight is None else weight, x.shape)
        wide = {n: np.broadcast_to(np.asarray(o), x.shape) for n, o in options.items()}
        each = {i: v[i] * f(x[i], target[i], **{n: o[i] for n, o in wide.items()}) for i in np.ndindex(x.shape)}
        if reduction == "none":
            return each[index]
        counts = {"sum": 1, "mean": v.sum() if over_weights else x.size, "batchmean": len(x) if x.ndim else 1}
        return sum(each.values(), Fraction(0)) / counts[reduction]

    return definition


def _smooth_l1(x: Any, t: Any, beta: Any) -> Any:
    d, beta = abs(x - t), Fraction(float(beta))
    return d * d / (2 * beta) if d < beta else d - beta / 2


def _huber(x: Any, t: Any, delta: Any) -> Any:
    d, delta = abs(x - t), Fraction(float(delta))
    return d * d / 2 if d <= delta else delta * (d - delta / 2)


def _binary_cross_entropy(x: Any, t: Any) -> Any:
    """Its logarithms are at least −100."""
    return -sum(_real(a) * (max(mpmath.log(_real(b)), -100) if b else -100) for a, b in ((t, x), (1 - t, 1 - x)))


def _binary_cross_entropy_with_logits(x: Any, t: Any, pos_weight: Any) -> Any:
    p = 1 if pos_weight is None else pos_weight
    return _real((1 - t) * x) + _real(1 + (p - 1) * t) * mpmath.log1p(_exp(-x))


def _kl_div(x: Any, t: Any, log_target: Any) -> Any:
    if log_target:
        return _exp(t) * _real(t - x)
    return _real(t) * (mpmath.log(_real(t)) - _real(x)) if t else Fraction(0)


def nll_loss(index: Index, *, x: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str) -> Any:
    """ℓ[n,p] = −v[t] x[n,t,p], t = target[n,p]. The mean divides by Σ v[t] over the targets that are not ignored."""
    v = np.full(x.shape[1], Fraction(1)) if weight is None else weight
    kept = [i for i in np.ndindex(target.shape) if target[i] != ignore_index]
    each = {i: -v[target[i]] * x[*i[:1], target[i], *i[1:]] for i in kept}
    if reduction == "none":
        return each.get(index, Fraction(0))
    return sum(each.values(), Fraction(0)) / (sum(v[target[i]] for i in kept) if reduction == "mean" else 1)


def batch_norm(
    index: Index, *, x: Array, weight: Array | None, bias: Array | None, running_mean: Array | None,
    running_var: Array | None, training: bool, eps: float,
) -> Any:  # fmt: skip
    c = index[1]
    given = None if training or running_mean is None or running_var is None else (running_mean[c], running_var[c])
    return _affine(_standard(x[index], x[:, c], eps, given), weight, bias, c)


def instance_norm(
    index: Index, *, x: Array, weight: Array | None, bias: Array | None, running_mean: Array | None,
    running_var: Array | None, use_input_stats: bool, eps: float,
) -> Any:  # fmt: skip
    n, c = index[:2]
    by_input = use_input_stats or running_mean is None or running_var is None
    given = None if by_input else (running_mean[c], running_var[c])  # type: ignore[index]
    return _affine(_standard(x[index], x[n, c], eps, given), weight, bias, c)


def layer_norm(
    index: Index, *, x: Array, weight: Array | None, bias: Array | None, normalized_shape: Index, eps: float
) -> Any:
    outer = x.ndim - len(normalized_shape)
    return _affine(_standard(x[index], x[index[:outer]], eps), weight, bias, index[outer:])


def group_norm(index: Index, *, x: Array, weight: Array | None, bias: Array | None, num_groups: int, eps: float) -> Any:
    n, c = index[:2]
    size = x.shape[1] // num_groups
    first = c // size * size
    return _affine(_standard(x[index], x[n, first : first + size], eps), weight, bias, c)


def rms_norm(index: Index, *, x: Array, weight: Array | None, normalized_shape: Index, eps: float | None) -> Any:
    if eps is None:  # None means the eps of the dtype, and fractions have none
        return None
    outer = x.ndim - len(normalized_shape)
    elements = [*np.asarray(x[index[:outer]]).flat]
    z = _real(x[index]) / mpmath.sqrt(_real(sum(v * v for v in elements) / len(elements) + Fraction(eps)))
    return _affine(z, weight, None, index[outer:])


def _standard(value: Any, elements: Array, eps: float, given: Any = None) -> Any:
    """(value − mean)/√(variance + eps), with the mean and biased variance of the elements, unless both are given."""
    each = [*elements.flat]
    mean, variance = given or (sum(each) / len(each), None)
    if variance is None:
        variance = sum((v - mean) ** 2 for v in each) / len(each)
    return _real(value - mean) / mpmath.sqrt(_real(variance + Fraction(eps)))


def _affine(z: Any, weight: Array | None, bias: Array | None, at: Any) -> Any:
    scaled = z if weight is None else z * _real(weight[at])
    return scaled if bias is None else scaled + _real(bias[at])


def local_response_norm(index: Index, *, x: Array, size: int, alpha: float, beta: float, k: float) -> Any:
    """x / (k + α/R Σ of the squares of R channels, ⌊R/2⌋ of them before)^β"""
    n, c, *p = index
    channels = (c + r - size // 2 for r in range(size))
    total = sum((x[n, i, *p] ** 2 for i in channels if 0 <= i < x.shape[1]), Fraction(0))
    return _real(x[index]) / _real(Fraction(k) + Fraction(alpha) / size * total) ** mpmath.mpf(beta)


def glu(index: Index, *, x: Array, dim: int) -> Any:
    dim %= x.ndim
    gate = (*index[:dim], index[dim] + x.shape[dim] // 2, *index[dim + 1 :])
    return _real(x[index]) * _sigmoid(x[gate])


def dropout(index: Index, *, x: Array, mask: Array, p: float, training: bool) -> Any:
    """x/(1 − p) where the mask keeps x. The mask has all axes, or the first two."""
    if not training:
        return x[index]
    return x[index] / (1 - Fraction(p)) if mask[index[: mask.ndim]] and p < 1 else Fraction(0)


def _gelu(v: Any, approximate: str) -> Any:
    v = _real(v)
    if approximate == "tanh":
        return v / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (v + mpmath.mpf("0.044715") * v**3)))
    return v / 2 * mpmath.erfc(-v / mpmath.sqrt(2))


def _elu(v: Any, alpha: float) -> Any:
    return v if v > 0 else _real(Fraction(alpha)) * mpmath.expm1(_real(v))


def _selu(v: Any) -> Any:
    return (
        mpmath.mpf("1.0507009873554804934193349852946") * _real(v)
        if v > 0
        else (mpmath.mpf("1.7580993408473768599402175208123") * mpmath.expm1(_real(v)))
    )


def _softplus(v: Any, beta: float, threshold: float) -> Any:
    return v if v * Fraction(beta) > threshold else mpmath.log1p(_exp(v * Fraction(beta))) / _real(Fraction(beta))


def _exp(v: Fraction) -> Any:
    return mpmath.exp(_real(v))


def _real(v: Fraction) -> Any:
    return mpmath.mpf(v.numerator) / v.denominator


def _sigmoid(v: Fraction) -> Any:
    return 1 / (1 + _exp(-v))


DEFINITIONS: Mapping[str, Definition] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "prelu": prelu,
    "relu": _each(lambda v: max(v, Fraction(0))),
    "leaky_relu": _each(lambda v, negative_slope: v if v > 0 else Fraction(negative_slope) * v),
    "hardsigmoid": _each(lambda v: min(max(v + 3, Fraction(0)), Fraction(6)) / 6),
    "hardswish": _each(lambda v: v * min(max(v + 3, Fraction(0)), Fraction(6)) / 6),
    "softsign": _each(lambda v: v / (1 + abs(v))),
    "sigmoid": _each(_sigmoid),
    "silu": _each(lambda v: _real(v) * _sigmoid(v)),
    "tanh": _each(lambda v: mpmath.tanh(_real(v))),
    "mish": _each(lambda v: _real(v) * mpmath.tanh(mpmath.log1p(_exp(v)))),
    "elu": _each(_elu),
    "selu": _each(_selu),
    "gelu": _each(_gelu),
    "softplus": _each(_softplus),
    "glu": glu,
    "dropout": dropout,
    "dropout2d": dropout,
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "group_norm": group_norm,
    "rms_norm": rms_norm,
    "local_response_norm": local_response_norm,
    "nll_loss": nll_loss,
    "mse_loss": _loss(lambda x, t: (x - t) ** 2, over_weights=True),
    "l1_loss": _loss(lambda x, t: abs(x - t), over_weights=True),
    "smooth_l1_loss": _loss(_smooth_l1),
    "huber_loss": _loss(_huber),
    "binary_cross_entropy": _loss(_binary_cross_entropy),
    "binary_cross_entropy_with_logits": _loss(_binary_cross_entropy_with_logits),
    "kl_div": _loss(_kl_div),
}
