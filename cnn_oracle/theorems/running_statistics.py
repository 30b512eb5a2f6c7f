"""The theorem on the running statistics of norms. They are a state: they are not part of y and have no gradient."""

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.calls.invalid import wrong_shapes
from cnn_oracle.cases.running_statistics import QUANTITIES, by_pytorch, drawn
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.run.subject import running_statistics
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.rejections import must_reject


def updated(subject: Subject, op: Op, call: Call) -> float:
    """Compare running_mean and running_var after x with PyTorch's, for a momentum chosen at random."""
    case = drawn(op, call, subject.dtypes(op.name)[0])
    given, x = {**case.arrays}, case.as_float64("x")

    def must(reason: str, **changed: np.ndarray) -> None:
        arrays = [*(given | changed).values()]
        must_reject(subject, "running_statistics", arrays, case.keywords, call, reason)

    try:
        case = by_pytorch(op, case)
    except (RuntimeError, ValueError) as rejection:
        must(f"PyTorch: {rejection}")
        return 0.0
    channels = x.shape[1]
    for name in QUANTITIES:
        for shape in wrong_shapes((channels,)):
            must(f"{name} has shape {shape}, x {x.shape}", **{name: np.ones(shape)})
    must("of a single value", x=np.ones((1, channels, *(1 for _ in x.shape[2:])), case.dtype))
    got = running_statistics(subject, case)
    for name in QUANTITIES:
        if np.shares_memory(got[name], given[name]):
            raise Failure(f"running_statistics returns a view of its input {name}", call)
    try:
        # the arbiter does not cover statistics, so they are compared as if with an expected property
        return compare(case, got, tolerance(op, case), case.expected)
    except Failure as failure:
        options = ", ".join(f"{name}={value!r}" for name, value in case.keywords.items())
        raise failure.replace(what=f"running_statistics({options}): {failure.what}") from None
