"""Check one call: all its cases, in one dtype, in some layouts. A value beyond its bound is wrong."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import Case, replace
from cnn_oracle.cases.dtypes import FORMATS, Format
from cnn_oracle.compare.compare import compare
from cnn_oracle.diagnose import arbiter
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, show
from cnn_oracle.studies.torch_defects import independent, kernels


class Wrong(NamedTuple):
    """The worst element: its index, the expected value and the bound; no index if the whole array is wrong."""

    what: str
    case: Case
    quantity: str
    at: tuple[int, ...] | None = None
    got: float = 0.0
    want: float = 0.0
    allowed: float = 0.0


class Outcome(NamedTuple):
    """``exact``: bitwise on every exact grid, after one rounding at the end.

    ``error_over_bound``: the largest error elsewhere, divided by its bound. ``vacuous_values``: the bounds are so wide
    that zeros would pass.
    """

    exact: bool = True
    error_over_bound: float = 0.0
    vacuous_values: bool = False
    wrong: Wrong | None = None
    rejected: str | None = None


class RejectedError(Exception):
    """PyTorch rejects the call."""


def outcomes(
    op: Op, call: Call, form: Format, layouts: Sequence[str], module: str, *, every: bool = True,
    about_to: Callable[[str], None] = lambda _: None,
) -> Iterator[tuple[str, Outcome]]:  # fmt: skip
    """The outcome in each layout that the call's arrays can have. ``about_to`` gets the layout before PyTorch runs."""
    drawn = list(independent.cases(op, call, form, every=every))
    for layout in layouts:
        arranged = [c for case in drawn if (c := in_layout(op, case, layout))]
        if arranged:
            about_to(layout)
            yield layout, _outcome(op, arranged, module)


def in_layout(op: Op, case: Case, layout: str) -> Case | None:
    """The case in the given layout; None if its arrays can only be contiguous."""
    if layout != "contiguous" and not kernels.has_layout(case, layout):
        return None
    case = replace(case, layout=layout)
    return independent.expanded(op, case) if layout == "expanded" else case


def check(op: Op, case: Case, module: str) -> Outcome:
    """Check one case: bitwise if possible, else within its bound.

    Raises:
        Failure: a result lies outside its bound, or has another shape or dtype.
        RejectedError: PyTorch rejects the call.
    """
    try:
        got = kernels.outputs(op, case, module)
    except kernels.AnotherDtypeError as error:
        raise Failure(str(error), case.call, case=case) from None
    except Exception as error:  # of any kind
        raise RejectedError(str(error).strip().partition("\n")[0] or type(error).__name__) from None
    if case.exact:
        rounded = {q: None if a is None else case.form.rounded(a) for q, a in case.expected.items()}
        try:
            compare(case, got, None, rounded)
            return Outcome()
        except Failure:
            pass
    bounds = independent.allowed(op, case)
    error_over_bound = compare(case, got, bounds, says="manual says")
    vacuous_values = all(a is None or (np.abs(a) <= bounds[q]).all() for q, a in case.expected.items())
    return Outcome(not case.exact, error_over_bound, vacuous_values)


def who_is_right(op: Op, wrong: Wrong, in_float64: bool = True) -> str:
    """The arbiter's result, which uses neither backward; with ``in_float64`` also PyTorch's own result in float64.

    The arbiter takes manual as the subject, and both sides in float64: PyTorch's result is already beyond its bound.
    """
    wide, who_is_wrong = wrong.case.in_float64, ""
    if wrong.at is not None:
        failure = Failure(
            wrong.what, wide.call, quantity=wrong.quantity, index=wrong.at, subject=wrong.want, reference=wrong.got,
            case=wide,
        )  # fmt: skip
        who_is_wrong = arbiter.who_is_wrong(failure, independent.MANUAL).replace("the subject", "manual")
    return "; ".join(text for text in (who_is_wrong, _in_float64(op, wide) if in_float64 else "") if text)


def _in_float64(op: Op, case: Case) -> str:
    if unsafe(case.call):
        return "PyTorch is not safe to call in float64"
    try:
        check(op, replace(case, form=FORMATS["float64"], layout="contiguous"), kernels.KERNELS)
    except Failure as failure:
        return f"in float64, contiguous, PyTorch is wrong too: {failure.what}"
    except RejectedError as error:
        return f"in float64, contiguous, PyTorch rejects the call: {error}"
    return "in float64, contiguous, PyTorch agrees with manual"


def _outcome(op: Op, cases: list[Case], module: str) -> Outcome:
    passed: list[Outcome] = []
    for case in cases:
        try:
            passed.append(check(op, case, module))
        except Failure as failure:
            return Outcome(wrong=_wrong(op, case, failure))
        except RejectedError as error:
            return Outcome(rejected=str(error))
    exact, error_over_bound, vacuous_values = zip(
        *((one.exact, one.error_over_bound, one.vacuous_values) for one in passed), strict=True
    )
    return Outcome(all(exact), max(error_over_bound), all(vacuous_values))


def _wrong(op: Op, case: Case, failure: Failure) -> Wrong:
    """The element that lies furthest outside its bound; NaN counts as furthest."""
    quantity = failure.quantity
    if failure.index is None or not failure.outputs:
        return Wrong(failure.what, case, quantity)
    got, want, bound = (
        np.asarray(a[quantity], float) for a in (failure.outputs, case.expected, independent.allowed(op, case))
    )
    with np.errstate(all="ignore"):
        beyond = np.where((got == want) | (np.isnan(got) & np.isnan(want)), 0.0, abs(got - want) / bound)
    beyond = np.where(np.isnan(beyond), np.inf, beyond)
    index = tuple(int(i) for i in np.unravel_index(beyond.argmax(), beyond.shape))
    place = f"[{', '.join(map(str, index))}]" if index else ""
    a, b = float(got[index]), float(want[index])
    what = (
        f"{quantity}{place} = {show(a, b)}, manual says {show(b, a)}   ({(beyond > 1).sum()} of {beyond.size} elements)"
    )
    return Wrong(what, case, quantity, index, a, b, float(np.broadcast_to(bound, got.shape)[index]))
