"""Rounding bounds of the running statistics of norms: the formula, evaluated on numbers that carry their error."""

from math import prod

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.rounding import Approx, gamma


def bound(case: Case, u: float) -> Outputs:
    momentum = case.keywords.get("momentum", 0.1)
    tau = 1 / (case.keywords.get("num_batches_tracked", 0) + 1) if momentum is None else momentum
    x, over_the_batch = case.as_float64("x"), case.call.op == "batch_norm"
    weight = Approx(np.asarray(tau if x.size else 0.0), u, u)  # without data, the statistics do not change
    axes = (*((0,) if over_the_batch else ()), *range(2, x.ndim))
    n = max(prod(x.shape[axis] for axis in axes), 1)
    exact = Approx(x, 0.0, u)
    # the error of x − mean depends on the magnitudes of both: see norms.py
    centred = exact - exact.sum(axes, keepdims=True) / n
    m, v = exact.sum(axes) / n, (centred * centred).sum(axes) / max(n - 1, 1)
    old = {name: case.as_float64(name) for name in ("running_mean", "running_var")}
    rounding = 0.0
    if not over_the_batch:  # instance_norm: the mean over the samples, which PyTorch takes of the old statistics too
        m, v, rounding = m.sum(0) / len(x), v.sum(0) / len(x), gamma(len(x), u)
    return {
        name: ((1 - weight) * Approx(a, rounding * abs(a), u) + weight * new).error
        for (name, a), new in zip(old.items(), (m, v), strict=True)
    }
