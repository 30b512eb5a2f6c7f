"""Rounding bounds of the optimisers: their formulas, evaluated on numbers that carry their error (rounding.py).

Hyper-parameters are Python floats. A value that depends only on them is computed in double precision, and then rounded
to the dtype of w. Other algebraic forms of the same step are right, too: ``_mean`` covers those of a mean. A step size
with both bias corrections, and ε √(1 − β₂ᵗ) for it, has the roundings of the same scalars.
"""

import inspect
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.rounding import Approx, gamma, sqrt

DOUBLE = 2.0**-53

Step = Callable[[int, Approx, Approx, dict[str, Any], dict[str, Approx]], Approx]


def recursion(case: Case, u: float, *, step: Step) -> Outputs:
    """The errors of w1, w2, …. Each step starts with the errors of the last step."""
    parameters = inspect.signature(import_module(f"cnn_oracle.reference.{case.call.op}").step).parameters
    options = {n: p.default for n, p in parameters.items() if p.kind is p.KEYWORD_ONLY} | case.keywords
    w, state, bounds = Approx(case.as_float64("w"), 0.0, u), dict[str, Approx](), Outputs()
    for t, dw in enumerate(case.dy.astype(float), 1):
        w = step(t, w, Approx(-dw if options["maximize"] else dw, 0.0, u), options, state)
        bounds[f"w{t}"] = w.error
    return bounds


def _adagrad(t: int, w: Approx, g: Approx, h: dict[str, Any], state: dict[str, Approx]) -> Approx:
    g = _decayed(w, g, h)
    v = state["v"] = state.get("v", _constant(h["initial_accumulator_value"], w.u)) + g * g
    lr = _constant(h["lr"], w.u) / (1 + (t - 1) * _constant(h["lr_decay"], w.u))
    return w - lr * g / (sqrt(v) + _constant(h["eps"], w.u))


def _rmsprop(t: int, w: Approx, g: Approx, h: dict[str, Any], state: dict[str, Approx]) -> Approx:
    g = _decayed(w, g, h)
    v = state["v"] = _mean(h["alpha"], state.get("v"), g * g)
    a = state["a"] = _mean(h["alpha"], state.get("a"), g)
    d = g / (sqrt(v - a * a if h["centered"] else v) + _constant(h["eps"], w.u))
    m = state["m"] = _constant(h["momentum"], w.u) * state["m"] + d if t > 1 else d
    return w - _constant(h["lr"], w.u) * (m if h["momentum"] else d)


def _adam(
    t: int,
    w: Approx,
    g: Approx,
    h: dict[str, Any],
    state: dict[str, Approx],
    *,
    decoupled: bool = False,
) -> Approx:
    (b1, b2), u = h["betas"], w.u
    if decoupled:
        w = _constant(1 - h["lr"] * h["weight_decay"], u, DOUBLE * (1 + 2 * h["lr"] * h["weight_decay"])) * w
    else:
        g = _decayed(w, g, h)
    m = state["m"] = _mean(b1, state.get("m"), g)
    v = state["v"] = _mean(b2, state.get("v"), g * g)
    if h["amsgrad"]:
        v = state["h"] = _larger(v, state.get("h", v))
    c1, c2 = (_constant(1 - b**t, u, DOUBLE * (t * b**t + 1 - b**t)) for b in (b1, b2))  # bᵗ: t − 1 products
    root = sqrt(v, of_squares=True) / sqrt(c2)
    return w - _constant(h["lr"], u) / c1 * m / (root + _constant(h["eps"], u))


def _decayed(w: Approx, g: Approx, h: dict[str, Any]) -> Approx:
    return g + _constant(h["weight_decay"], w.u) * w if h["weight_decay"] else g


def _mean(beta: float, old: Approx | None, new: Approx) -> Approx:
    """β m + (1 − β) g, with m = old and g = new. At the start, m is 0.

    The form m + (1 − β)(g − m) rounds the difference by u, its product by u, the factor by 2 u, all at most
    (1 − β)(|m| + |g|), and the sum by u. If β is small and |m| > |g|, this is far more than β m + (1 − β) g rounds. So
    is PyTorch's g − β (g − m), which it uses for β ≤ ½: β ≤ 1 − β there. The bound is the larger one. The errors of m
    and g count with β and 1 − β in each form, because that is their slope.
    """
    u, part = new.u, _constant(1 - beta, new.u) * new
    if old is None:
        return part
    mean = _constant(beta, u) * old + part
    terms = abs(old.value) + old.error + abs(new.value) + new.error
    differences = beta * old.error + (1 - beta) * (new.error + 4 * u * terms) + u * abs(mean.value)
    return Approx(mean.value, np.maximum(mean.error, differences), u)


def _larger(a: Approx, b: Approx) -> Approx:
    return Approx(np.maximum(a.value, b.value), np.maximum(a.error, b.error), a.u)


def _constant(c: float, u: float, error: float = 0.0) -> Approx:
    """A scalar from hyper-parameters, with the error ``error``. It is rounded by Python, and to the array's dtype."""
    return Approx(np.asarray(c), np.asarray(error + 2 * u * abs(c)), u)


adagrad = partial(recursion, step=_adagrad)
rmsprop = partial(recursion, step=_rmsprop)
adam = partial(recursion, step=_adam)
adamw = partial(recursion, step=partial(_adam, decoupled=True))


def sgd(case: Case, u: float) -> Outputs:
    """The recursion at magnitudes yields its own bound, because one step has at most 10 roundings in a row."""
    h: dict[str, Any] = {n: case.keywords.get(n, 0.0) for n in ("momentum", "dampening", "weight_decay", "nesterov")}
    lr, mu = case.keywords.get("lr", 1e-3), h["momentum"]
    w, m, bounds = np.abs(case.as_float64("w")), None, Outputs()
    for i, dw in enumerate(np.abs(case.dy.astype(float)), 1):
        g = dw + h["weight_decay"] * w
        m = g if m is None else mu * m + (1 - h["dampening"]) * g
        w = w + lr * (g + mu * m if h["nesterov"] else m if mu else g)
        bounds[f"w{i}"] = gamma(10 * i, u) * w
    return bounds
