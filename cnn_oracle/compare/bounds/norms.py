"""Rounding bounds of the normalisations: their formulas, evaluated on numbers that carry their error.

The subtraction of the mean can cancel. So its error is bounded at the magnitudes of x and m:

    x − m has the error γ_{n+4} (|x| + Σ_A |x| / n)

This covers two ways to compute it. One is x − m itself, where m has the n roundings of a mean. PyTorch often uses the
other one, x α + (β − m α) or Σ dz x − m Σ dz: there, the magnitudes of x and m go through two products and a sum of n.

The errors of x − m are taken as independent, although Σ_A (x − m) = 0. So v = Σ (x − m)²/n has this error times
2 Σ|x − m|/n. This holds for two passes and for Welford's updates (relative error n u √(Σx²/Σ(x − m)²), Chan, Golub &
LeVeque 1983), but not for Σx²/n − m². In both, v ≥ 0. So 1/√(v + ε) is at most 1/√ε, even where v has no useful bound,
such as in float32 at a distance of a million from zero.
"""

from math import prod
from typing import NamedTuple

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.rounding import Approx, gamma, inverse_sqrt, power
from cnn_oracle.manual._typing import Array

Shape = tuple[int, ...]


class Reading(NamedTuple):
    """How an op treats x: as an array of ``shape``, averaged over ``axes`` (None: the statistics are given)."""

    shape: Shape
    axes: Shape | None
    weight: Shape  # the shape of weight and bias that broadcasts to x
    centred: bool = True


def normalisation(case: Case, u: float) -> Outputs:
    x, how, epsilon = case.as_float64("x"), reading(case), _epsilon(case, u)
    a, least = x.reshape(how.shape), (epsilon.value - epsilon.error) * (1 - u)
    if how.axes is None:
        m, v = (case.keywords[n].astype(float).reshape(how.weight) for n in ("running_mean", "running_var"))
        n = prod(x.shape) // x.shape[1]  # the longest sum is that of dweight
        c, s = _centred(a, m, abs(m), n, u), inverse_sqrt(Approx(v, 0.0, u) + epsilon, least)
    else:
        n = max(prod(how.shape[axis] for axis in how.axes), 1)
        m, magnitude = (b.sum(how.axes, keepdims=True) / n for b in (a, abs(a)))
        c = _centred(a, m, magnitude, n, u) if how.centred else Approx(a, 0.0, u)
        s = inverse_sqrt(_mean(c * c, how.axes) + epsilon, least)
    return _outputs(case, c * s, s, how)


def local_response_norm(case: Case, u: float) -> Outputs:
    """y = x / dᵝ. dx follows from the chain rule through d, as in PyTorch: dd = −dy x/(dᵝ)² β dᵝ⁻¹."""
    size, alpha, beta, k = (
        case.keywords.get(n, d) for n, d in (("size", 1), ("alpha", 1e-4), ("beta", 0.75), ("k", 1.0))
    )
    x, dy = Approx(case.as_float64("x"), 0.0, u), Approx(case.dy.astype(float), 0.0, u)
    d = _over_channels(x * x, size // 2, (size - 1) // 2) / size * alpha + k
    root = power(d, beta)
    dd = -dy * x / (root * root) * (beta * power(d, beta - 1))
    dsquare = _over_channels(dd * alpha / size, (size - 1) // 2, size // 2)
    return {"y": (x / root).error, "dx": (dy / root + 2 * (x * dsquare)).error}


def distance_to_kink(case: Case) -> dict[str, Array]:
    """The distance from x to the next pole of 1/√(v + ε) in the complex plane: at least √(v + ε), along any |δ| ≤ 1.

    √(v + ε) is the Euclidean norm of the vector of (x − m)/√n and √ε. x + t δ changes this norm by at most t.
    """
    x, how, eps = case.as_float64("x"), reading(case), _epsilon(case, 2.0**-53).value
    if how.axes is None:
        return {}
    a, n = x.reshape(how.shape), max(prod(how.shape[axis] for axis in how.axes), 1)
    c = a - a.sum(how.axes, keepdims=True) / n if how.centred else a
    root = np.sqrt((c * c).sum(how.axes, keepdims=True) / n + eps)
    return {"x": np.broadcast_to(root, how.shape).reshape(x.shape)}


def reading(case: Case) -> Reading:
    x, h = case.as_float64("x").shape, case.keywords
    if last := h.get("normalized_shape"):
        rank = len(x) - len(last)
        return Reading(x, tuple(range(rank, len(x))), (*(1,) * rank, *last), case.call.op != "rms_norm")
    if groups := h.get("num_groups"):
        return Reading((x[0], groups, x[1] // groups, prod(x[2:])), (2, 3), (1, groups, x[1] // groups, 1))
    behind, batch = tuple(range(2, len(x))), (0,) if case.call.op == "batch_norm" else ()
    own = h.get("training", False) if batch else h.get("use_input_stats", True)
    return Reading(x, (*batch, *behind) if own else None, (1, x[1], *(1,) * len(behind)))


def _epsilon(case: Case, u: float) -> Approx:
    """eps. None, in rms_norm, means 2 u of the dtype: that of the subject or PyTorch's float64. So the error is 2 u."""
    eps = case.keywords.get("eps", None if case.call.op == "rms_norm" else 1e-5)
    return Approx(np.asarray(2 * u), 2 * u, u) if eps is None else Approx(np.asarray(eps), u * eps, u)


def _centred(x: Array, m: Array, magnitude: Array, n: int, u: float) -> Approx:
    return Approx(x - m, gamma(n + 4, u) * (abs(x) + magnitude), u)


def _outputs(case: Case, z: Approx, s: Approx, how: Reading) -> Outputs:
    """The errors of y and of the gradients, from z and s."""
    u, lacking = z.u, tuple(i for i, n in enumerate(how.weight) if n == 1)
    dy = Approx(case.dy.astype(float).reshape(how.shape), 0.0, u)
    weight, bias = (None if (a := case.arrays.get(n)) is None else a.astype(float) for n in ("weight", "bias"))
    w = 1.0 if weight is None else weight.reshape(how.weight)
    b = np.zeros(1) if bias is None else bias.reshape(how.weight)
    y, dx = z * w + Approx(b, u * abs(b), u), dy * w  # β rounds twice in x α + (β − m α)
    if how.axes is not None:
        dx = (dx - _mean(dx, how.axes) if how.centred else dx) - z * _mean(dx * z, how.axes)
    outputs = {"y": y, "dx": dx * s, "dweight": (dy * z).sum(lacking), "dbias": dy.sum(lacking)}
    like = {"y": case.dy, "dx": case.dy, "dweight": weight, "dbias": bias}
    return {q: None if (a := like[q]) is None else output.error.reshape(a.shape) for q, output in outputs.items()}


def _mean(a: Approx, axes: Shape) -> Approx:
    n: int = prod(a.value.shape[axis] for axis in axes)
    return a.sum(axes, keepdims=True) / max(n, 1)


def _over_channels(a: Approx, before: int, behind: int) -> Approx:
    """The sum over a window of channels, with ``before`` channels before the centre and ``behind`` after it."""
    pads = [(0, 0), (before, behind), *[(0, 0)] * (a.value.ndim - 2)]
    taps = range(before + behind + 1)
    value, error = (
        np.stack([padded[:, tap : tap + a.value.shape[1]] for tap in taps])
        for padded in (np.pad(v, pads) for v in (a.value, a.error))
    )
    return Approx(value, error, a.u).sum(0)
