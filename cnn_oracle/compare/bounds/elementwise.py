"""Rounding bounds of activations and dropout: formulas, evaluated on numbers that carry their error (rounding.py).

A formula (x, options) → (y, dy/dx) follows a stable algorithm. If it is piecewise, ``distance_to_kink`` says how far
the x of a case lies from the nondifferentiable points.
"""

from collections.abc import Callable, Mapping
from math import pi, sqrt
from typing import Any

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.common import tiny
from cnn_oracle.compare.bounds.rounding import Approx, erf, exp, expm1, log1p, maximum, minimum, tanh, where
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Bound

Formula = Callable[..., tuple[Approx, Approx]]


def bound(formula: Formula) -> Bound:
    """The bound of an op from its formula: the errors of y and of dx = dy · dy/dx."""

    def of(case: Case, u: float) -> Outputs:
        y, slope = formula(Approx(case.as_float64("x"), 0.0, u), **case.keywords)
        return {"y": y.error + tiny(case), "dx": (slope * case.dy).error + tiny(case)}

    return of


def distance_to_kink(*kinks: float) -> Callable[[Case], Mapping[str, Array]]:
    """The distance from x to the nearest of ``kinks``."""
    return lambda case: {"x": np.min([np.abs(case.as_float64("x") - kink) for kink in kinks], 0)}


def leaky_relu(x: Approx, negative_slope: float = 0.01) -> tuple[Approx, Approx]:
    return where(x.value > 0, x, x * negative_slope), where(x.value > 0, x.one, x.one * negative_slope)


def elu(x: Approx, alpha: float = 1.0) -> tuple[Approx, Approx]:
    low = minimum(x, 0)
    return where(x.value > 0, x, expm1(low) * alpha), where(x.value > 0, x.one, exp(low) * alpha)


def selu(x: Approx) -> tuple[Approx, Approx]:
    y, slope = elu(x, 1.6732632423543772848170429916717)
    return y * 1.0507009873554804934193349852946, slope * 1.0507009873554804934193349852946


def sigmoid(x: Approx) -> tuple[Approx, Approx]:
    e = exp(-abs(x))
    y = where(x.value > 0, 1 / (1 + e), e / (1 + e))
    return y, y * (1 - y)


def silu(x: Approx) -> tuple[Approx, Approx]:
    s, _ = sigmoid(x)
    return x * s, s + x * s * (1 - s)


def tanh_(x: Approx) -> tuple[Approx, Approx]:
    y = tanh(x)
    unit = exp(x * 0)  # 1 with the error of an elementary function: JAX has (1 + y) (1 − y), autograd 1/cosh² x
    return y, (1 - y * y) * unit * unit


def softplus(x: Approx, beta: float = 1.0, threshold: float = 20.0) -> tuple[Approx, Approx]:
    bx = x * beta
    low = minimum(bx, max(threshold, 0.0))
    straight = bx.value > threshold
    return where(straight, x, log1p(exp(low)) / beta), where(straight, x.one, sigmoid(bx)[0])


def softplus_distance_to_kink(case: Case) -> Mapping[str, Array]:
    beta, threshold = case.keywords.get("beta", 1.0), case.keywords.get("threshold", 20.0)
    return {"x": np.abs(case.as_float64("x") - threshold / beta)}


def mish(x: Approx) -> tuple[Approx, Approx]:
    t, s = tanh(softplus(x)[0]), sigmoid(x)[0]
    return x * t, t + x * s * (1 - t * t)


def softsign(x: Approx) -> tuple[Approx, Approx]:
    d = 1 + abs(x)
    terms, square = 1 / d - abs(x) / d / d, 1 / (d * d)  # the slope, in two forms
    # the last * 1 covers x · 1/d, which rounds once more
    return x / d * 1, Approx(square.value, np.maximum(terms.error, square.error), x.u)


def gelu(x: Approx, approximate: str = "none") -> tuple[Approx, Approx]:
    if approximate == "none":
        half, slope = (1 + erf(x * sqrt(1 / 2))) * 0.5, exp(x * x * -0.5) * (1 / sqrt(2 * pi))
    else:
        t = tanh((x + x * x * x * 0.044715) * sqrt(2 / pi))
        half, slope = (1 + t) * 0.5, (1 - t * t) * 0.5 * ((1 + x * x * 0.134145) * sqrt(2 / pi))
    return x * half, half + x * slope


def hardsigmoid(x: Approx) -> tuple[Approx, Approx]:
    inside = abs(x.value) < 3
    return minimum(maximum(x + 3, 0), 6) / 6, where(inside, x.one / 6, x.one * 0)


def hardswish(x: Approx) -> tuple[Approx, Approx]:
    slope = where(abs(x.value) < 3, x / 3 + 0.5, x.one * (x.value > 0))
    return x * minimum(maximum(x + 3, 0), 6) / 6, slope


def dropout(x: Approx, mask: Array, p: float = 0.5, training: bool = True) -> tuple[Approx, Approx]:
    kept = mask.reshape(mask.shape + (1,) * (x.value.ndim - mask.ndim)).astype(float)
    scale = x.one * (not training) if not training or p == 1 else kept / (1 - x.one * p)
    return x * scale, scale


def unwritten(x: Approx) -> tuple[Approx, Approx]:
    """A placeholder for the formula of a new op. It raises, so that no op has a bound that is not derived."""
    raise NotImplementedError(
        "write the op's formula in cnn_oracle/compare/bounds/elementwise.py, for cnn_oracle/ops.py"
    )


def glu(case: Case, u: float) -> Outputs:
    """y = a s(b): da = dy s, db = dy a s (1 − s)."""
    dim = case.keywords.get("dim", -1)
    a, b = (Approx(half, 0.0, u) for half in np.split(case.as_float64("x"), 2, dim))
    s, slope = sigmoid(b)
    errors = [(s * case.dy).error, (a * case.dy * slope).error]
    return {"y": (a * s).error + tiny(case), "dx": np.concatenate(errors, dim) + tiny(case)}


def prelu(case: Case, u: float) -> Outputs:
    """As leaky_relu. dw is a sum of products."""
    x, w = case.as_float64("x"), case.as_float64("w")
    slopes: Any = w.reshape(() if w.size == 1 else (-1, *(1 for _ in x.shape[2:])))
    kept = np.where(x > 0, 1.0, slopes)
    terms = Approx(np.where(x > 0, 0.0, x), 0.0, u) * np.where(x > 0, 0.0, case.dy)
    over = tuple(i for i in range(x.ndim) if w.size == 1 or i != 1)
    dw = np.asarray(terms.sum(over).error).reshape(w.shape)
    y, dx = u * np.abs(kept * x), u * np.abs(kept * case.dy)
    return {"y": y + tiny(case), "dx": dx + tiny(case), "dw": dw + tiny(case)}
