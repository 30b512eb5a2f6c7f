"""The independent check: ``manual`` in float64. It is exact on exact grids, and within its own bound elsewhere.

PyTorch, in float64 and contiguous, supplies only K and magnitudes (cases/exact_grids.py, compare/bounds/): how large
a result may be, but never its value.
"""

from collections.abc import Iterator

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import STEPS, Case, Cotangent, build, replace
from cnn_oracle.cases.dtypes import Format
from cnn_oracle.cases.exact_grids import max_overlap
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.cases.layouts import zero_strides
from cnn_oracle.compare.bounds.common import present
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.compare.compare import with_references
from cnn_oracle.mistakes import load
from cnn_oracle.op import Op
from cnn_oracle.run.subject import backward, forward, run_all
from cnn_oracle.subject import OURS

MANUAL = load(OURS)


def cases(op: Op, call: Call, form: Format, *, every: bool = True) -> Iterator[Case]:
    """The call on the exact grids of its op, and on real numbers; if not ``every``, only on the first of these."""
    for grid in (*op.comparison.grids, None):
        if grid is None and unsafe(call):  # its bound needs PyTorch
            return
        case = build(op, call, grid, form, reference=by_manual)
        if case.exact or grid is None:
            yield case
            if not every:
                return


def by_manual(op: Op, case: Case, cotangent: Cotangent) -> Case:
    """The case with manual's results, in float64, as the expected values."""
    if op.kind == "step":
        case = replace(case, dy=cotangent((STEPS, *case.call.arguments["w"])))
        return replace(case, expected=run_all(MANUAL, op, case.in_float64))
    y = present(forward(MANUAL, case.in_float64)["y"])
    case = replace(case, dy=cotangent(y.shape))
    return replace(case, expected={"y": y, **backward(MANUAL, case.in_float64)})


def expanded(op: Op, case: Case) -> Case | None:
    """The case repeated along the first axis, with manual's results; None if it would leave the exact grid."""
    if case.grids[0].squares:
        return None
    arrays = {n: a if a is None else zero_strides(a) for n, a in case.arrays.items()}
    dy = np.stack([zero_strides(a) for a in case.dy]) if op.kind == "step" else zero_strides(case.dy)
    return by_manual(op, replace(case, arrays=arrays), lambda _: dy)


def allowed(op: Op, case: Case) -> Outputs:
    """The bound of each element: all roundings of a kernel in its dtype, plus those of manual."""
    case = replace(case.in_float64, dtype=case.dtype)  # no sum of magnitudes overflows
    with np.errstate(all="ignore"):
        sums = with_references(_bound(op, case, case.form.u), case.form.u)
    return {q: None if a is None else np.where(np.isnan(a), np.inf, a) for q, a in sums.items()}


def _bound(op: Op, case: Case, u: float) -> Outputs:
    if not unsafe(case.call):
        return op.comparison.bound(case, u)
    magnitudes = present(
        backward(MANUAL, replace(case.in_float64, dy=np.abs(case.dy)))["dx"]
    )  # as compare/bounds/sums.py does
    return {"y": np.zeros(case.dy.shape), "dx": gamma(max_overlap(case.call) - 1, u) * magnitudes}
