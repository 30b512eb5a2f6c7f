"""Rounding bounds of losses of two arrays: formulas, evaluated on numbers that carry their error (rounding.py).

A formula (x, target, options) → (ℓ, dℓ/dx, dℓ/dtarget) follows a stable algorithm. Weights and the reduction are the
same for all losses. ``distance_to_kink``, ``inside`` and ``positive`` say how far a case lies from a nondifferentiable
point or from the end of the domain.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case
from cnn_oracle.cases.distributions import fractions
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.common import tiny
from cnn_oracle.compare.bounds.elementwise import sigmoid
from cnn_oracle.compare.bounds.rounding import Approx, exp, log, log1p, maximum, minimum, where
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Bound

Formula = Callable[..., tuple[Approx, Approx, Approx]]


def bound(formula: Formula, *, over_weights: bool = False) -> Bound:
    """The errors of y, the weighted and reduced losses, and of the gradients.

    A mean divides by the number of elements, or by the sum of the weights if ``over_weights``.
    """

    def of(case: Case, u: float) -> Outputs:
        options: dict[str, Any] = dict(case.keywords)
        reduction, weight = options.pop("reduction", "mean"), options.pop("weight", None)
        x, target = (Approx(case.as_float64(n), 0.0, u) for n in ("x", "target"))
        loss, dx, dtarget = formula(x, target, **options)
        dl, total = x.one * case.dy, Approx(np.asarray(float(x.value.size)), 0.0, u)
        if weight is not None:
            loss, dl = loss * weight, dl * weight
            total = Approx(weight.astype(float), 0.0, u).sum() if over_weights else total
        if reduction == "batchmean":
            total = Approx(np.asarray(float((*x.value.shape, 1)[0])), 0.0, u)
        y = loss if reduction == "none" else loss.sum()
        if "mean" in reduction:
            y, dl = y / total, dl / total
        outputs = {"y": y, "dx": dx * dl, "dtarget": dtarget * dl}
        return {quantity: np.asarray(a.error + tiny(case)) for quantity, a in outputs.items()}

    return of


def _of_terms(*terms: Approx) -> Approx:
    """A gradient that is a sum of terms which may cancel: in any order, each perhaps times dy before they are added.

    dy times each term is rounded once more, for the weight or the mean in dy once again.
    """
    products = [t * t.one * t.one for t in terms]
    values, errors = np.stack([t.value for t in products]), np.stack([t.error for t in products])
    return Approx(values, errors, terms[0].u).sum(axis=0)


def mse_loss(x: Approx, target: Approx) -> tuple[Approx, Approx, Approx]:
    d = x - target
    return d * d, 2 * d, -2 * d


def l1_loss(x: Approx, target: Approx) -> tuple[Approx, Approx, Approx]:
    d = x - target
    sign = d.one * np.sign(d.value)
    return abs(d), sign, -sign


def smooth_l1_loss(x: Approx, target: Approx, beta: float = 1.0) -> tuple[Approx, Approx, Approx]:
    if not beta:
        return l1_loss(x, target)
    d = x - target
    slope = maximum(minimum(d / beta, 1), -1)
    return where(abs(d.value) < beta, d * d * 0.5 / beta, abs(d) - d.one * beta * 0.5), slope, -slope


def huber_loss(x: Approx, target: Approx, delta: float = 1.0) -> tuple[Approx, Approx, Approx]:
    loss, slope, _ = smooth_l1_loss(x, target, delta)
    return loss * delta, slope * delta, -slope * delta


def binary_cross_entropy(x: Approx, target: Approx) -> tuple[Approx, Approx, Approx]:
    """dx = (x − t)/(x (1 − x)), or the same as (1 − t)/(1 − x) − t/x, whose terms cancel near x = t.

    The bound of dx is the larger one. Where PyTorch clips x (1 − x), only its own form is right.
    """
    yes, no = log(x), log1p(-x)
    loss = (target - 1) * maximum(no, -100) - target * maximum(yes, -100)
    least = float(np.float32(1e-12))
    dx = (x - target) / maximum(x * (1 - x), least)
    terms = (1 - target) / (1 - x) - target / x
    clipped = x.value * (1 - x.value) <= least
    error = np.where(clipped, dx.error, np.maximum(dx.error, terms.error))
    return loss, Approx(dx.value, error, x.u), _of_terms(no, -yes)


def binary_cross_entropy_with_logits(
    x: Approx, target: Approx, pos_weight: Array | None = None
) -> tuple[Approx, Approx, Approx]:
    p = x.one if pos_weight is None else x.one * pos_weight
    q, soft = x.one if pos_weight is None else 1 + (p - 1) * target, log1p(exp(-abs(x))) + maximum(-x, 0)
    # (p − 1) log(1 + exp(−x)) − x is p log(1 + exp(−x)) − log(1 + exp(x))
    dtarget = -x if pos_weight is None else _of_terms(p * soft, -(log1p(exp(-abs(x))) + maximum(x, 0)))
    return (1 - target) * x + q * soft, _of_terms(q * sigmoid(x)[0], -p * target), dtarget


def kl_div(x: Approx, target: Approx, log_target: bool = False) -> tuple[Approx, Approx, Approx]:
    if log_target:
        t = exp(target)
        return t * (target - x), -t, _of_terms(t * (target - x), t)
    return target * log(target) - target * x, -target, _of_terms(log(target), x.one, -x)


def distance_to_kink(case: Case) -> Mapping[str, Array]:
    """The distance from |x − target| to the nondifferentiable point: ``beta`` or ``delta``, or 0 for l1_loss."""
    kink = case.keywords.get("beta", case.keywords.get("delta", 0.0 if case.call.op == "l1_loss" else 1.0))
    distance = np.abs(np.abs(case.as_float64("x") - case.as_float64("target")) - kink)
    return {"x": distance, "target": distance}


def inside(case: Case) -> Mapping[str, Array]:
    """The distances from x and target to the nearer end of the interval from 0 to 1."""
    return {n: np.minimum(case.as_float64(n), 1 - case.as_float64(n)) for n in ("x", "target")}


def positive(case: Case) -> Mapping[str, Array]:
    """The distance from target to 0, unless target is a logarithm."""
    return {} if case.keywords.get("log_target") else {"target": case.as_float64("target")}


def probabilities(rng: np.random.Generator, shape: tuple[int, ...], call: Call, whole: bool) -> Array:
    """The target of kl_div, or its logarithm with ``log_target``."""
    p = fractions(rng, shape, call, whole)
    return np.log(p) if call.arguments.get("log_target") else p
