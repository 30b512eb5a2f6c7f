"""The theorem on the running statistics of norms. They are a state: they are not part of y and have no gradient."""

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import torch

from cnn_oracle.call import Call
from cnn_oracle.calls.invalid import wrong_shapes
from cnn_oracle.cases.case import Case, Numbers
from cnn_oracle.cases.exact_grids import REAL
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.norms import reading
from cnn_oracle.compare.bounds.rounding import Approx
from cnn_oracle.compare.compare import compare
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.run.subject import state
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.rejections import must_reject

MOMENTA = (0.1, 0.25, 1.0, 0.0)
BATCHES = (0, 1, 3)  # numbers of earlier batches


def updated(subject: Subject, op: Op, call: Call) -> float:
    """Compare running_mean and running_var after x with PyTorch's, for a momentum chosen at random."""
    rng, dtype = np.random.default_rng(call.seed), np.dtype(subject.dtypes(op.name)[0])
    x, channels = rng.standard_normal(call.arguments["x"]), call.arguments["x"][1]
    given = {"x": x, "mean": rng.standard_normal(channels), "var": rng.uniform(0.5, 2, channels)}
    given = {name: a.astype(dtype) for name, a in given.items()}
    options = _options(op, rng)
    try:
        theirs = op.reference.running_statistics(
            *(torch.from_numpy(a.astype(float)) for a in given.values()), **options
        )
    except (RuntimeError, ValueError) as rejection:
        must_reject(subject, "running_statistics", [*given.values()], options, call, f"PyTorch: {rejection}")
        return 0.0
    own = {"training": True} if "training" in op.options else {}
    case = Case(Call(op.name, own, call.seed), dtype, {"x": x}, own, np.zeros(()), {}, (REAL, REAL), Numbers({}))
    names = ("running_mean", "running_var")
    expected: Outputs = dict(zip(names, (a.numpy() for a in theirs), strict=True))
    for name in names:
        for shape in wrong_shapes((channels,)):
            arguments = [np.ones(shape) if f"running_{n}" == name else a for n, a in given.items()]
            must_reject(
                subject, "running_statistics", arguments, options, call, f"{name} has shape {shape}, x {x.shape}"
            )
    single = np.ones((1, channels, *(1 for _ in x.shape[2:])), dtype)
    must_reject(
        subject, "running_statistics", [single, given["mean"], given["var"]], options, call, "of a single value"
    )
    got: Outputs = dict(zip(names, state(subject, case, [*given.values()], options), strict=True))
    for name in names:
        if np.shares_memory(got[name], given[name.removeprefix("running_")]):
            raise Failure(f"running_statistics returns a view of its input {name}", call)
    try:
        return compare(case, got, _bound(case, given, options), expected)
    except Failure as failure:  # report the call only: known mistakes and the arbiter do not cover statistics
        options_text = ", ".join(f"{name}={value!r}" for name, value in options.items())
        raise Failure(f"running_statistics({options_text}): {failure.what}", call, quantity=failure.quantity) from None


def _options(op: Op, rng: np.random.Generator) -> dict[str, Any]:
    """Random options. Sometimes the default momentum, or None (the cumulative average) where the op supports it."""
    options: dict[str, Any] = {}
    counted = op.name == "batch_norm"
    if (i := rng.integers(len(MOMENTA) + 1 + counted)) < len(MOMENTA):
        options["momentum"] = MOMENTA[i]
    elif i > len(MOMENTA):
        options["momentum"] = None
        if rng.random() < 0.75:
            options["num_batches_tracked"] = int(rng.choice(BATCHES))
    return options


def _bound(case: Case, given: Mapping[str, Array], options: Mapping[str, Any]) -> Outputs:
    """The rounding bounds of both sides: the formula, evaluated on numbers that carry their error."""
    u = float(np.finfo(case.dtype).epsneg)
    momentum = options.get("momentum", 0.1)
    tau = Approx(np.asarray(1 / (options.get("num_batches_tracked", 0) + 1) if momentum is None else momentum), u, u)
    x, axes = given["x"].astype(float), reading(case).axes or ()
    n = max(prod(x.shape[axis] for axis in axes), 1)
    exact = Approx(x, 0.0, u)
    mean = exact.sum(axes, keepdims=True) / n
    centred = exact - mean
    # the error of x − mean depends on the magnitudes of both: see compare/bounds/norms.py
    m, v = exact.sum(axes) / n, (centred * centred).sum(axes) / max(n - 1, 1)
    if m.value.ndim == 2:  # instance_norm: the mean over the samples
        m, v = m.sum(0) / len(x), v.sum(0) / len(x)
    pairs = {"running_mean": (given["mean"], m), "running_var": (given["var"], v)}
    return {name: 2 * ((1 - tau) * old + tau * new).error for name, (old, new) in pairs.items()}
