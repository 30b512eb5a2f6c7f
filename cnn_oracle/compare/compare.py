"""Compare outputs with the expected values: bitwise, or within a bound for each element."""

import warnings

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare import conventions
from cnn_oracle.compare.bounds import running_statistics
from cnn_oracle.latest import Latest
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, finding, show

U = float(np.finfo(np.float64).epsneg)

PYTORCH = "PyTorch says"
_BOUNDS: Latest[Outputs] = Latest(8)


def tolerance(op: Op, case: Case) -> Outputs | None:
    """None on an exact grid. Elsewhere, the rounding bound of the subject plus that of PyTorch."""
    if case.exact:
        return None
    of = (op, case.dtype, case.expected, case.dy, *case.arrays.values(), *case.keywords.values())
    return _BOUNDS.of(of, lambda: _tolerance(op, case))


def finite_tolerance(op: Op, case: Case) -> Outputs | None:
    """As ``tolerance``, but 0 where a bound is infinite or NaN: there the formula is so, and the values must be equal.

    This is the tolerance on special values.
    """
    with warnings.catch_warnings(action="ignore"):  # the bound may overflow
        allowed = tolerance(op, case)
    if allowed is None:
        return None
    return {q: None if a is None else np.where(np.isfinite(a), a, 0) for q, a in allowed.items()}


def _tolerance(op: Op, case: Case) -> Outputs:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # empty axes, infinities
        u = float(np.finfo(case.dtype).epsneg)
        bound = running_statistics.bound if case.of_statistics else op.comparison.bound
        if op.kind == "step":  # scalars such as 1 − βᵗ are in double precision, whatever u is
            theirs = bound(case, U)
            return {q: a + theirs[q] for q, a in bound(case, u).items()}  # type: ignore[operator]
        return with_references(bound(case, u), u)


def with_references(bounds: Outputs, u: float) -> Outputs:
    """Bounds for the unit roundoff u, plus the bounds of the reference, which computes in float64.

    A bound grows at least in proportion to u, so the reference's bound is at most U/u times the subject's. If u is
    larger than U, this is doubled, because a few formulas hold constants that are already rounded to float64.
    """
    share = 1.0 if u == U else 2 * U / u
    return {q: None if a is None else a + share * a for q, a in bounds.items()}


def compare(
    case: Case, got: Outputs, allowed: Outputs | None, expected: Outputs | None = None, says: str = PYTORCH
) -> float:
    """Compare every output with the expected value, which is PyTorch's unless given. Returns the largest error/bound.

    NaN equals only NaN. Within ``conventions.collected``, another valid choice at a tie or at NaN is no failure.

    Raises:
        Failure: An output is missing, has another shape, differs, or has a narrower dtype (a contract finding).
    """
    __tracebackhide__ = True
    worst = 0.0
    for quantity, output in got.items():
        want = (expected or case.expected)[quantity]
        must_fit(case, got, quantity, want, says)
        if output is None or want is None:
            continue
        if output.dtype.kind == "f" and output.dtype.itemsize < case.dtype.itemsize:  # it holds fewer digits
            what = f"{quantity} is {output.dtype}, the inputs are {case.dtype}"
            raise finding("dtype", what, case.call, quantity=quantity)
        if (output == want).all():
            continue
        with np.errstate(invalid="ignore", over="ignore"):
            equal = (output == want) | (np.isnan(output) & np.isnan(want))
            bound = 0.0 if allowed is None else allowed[quantity]
            error = np.where(equal, 0.0, np.abs(output - want))
            wrong = ~(equal | (error <= np.broadcast_to(bound, error.shape)))  # type: ignore[arg-type]
        if wrong.any():
            index = tuple(map(int, np.argwhere(wrong)[0]))
            a, b = float(output[index]), float(want[index])
            place = f"[{','.join(map(str, index))}]" if index else ""
            what = f"{quantity}{place} = {show(a, b)}, {says} {show(b, a)}"
            count = f"   ({wrong.sum()} of {wrong.size} elements)"
            title = f"{quantity}{place} is wrong{count}" if says == PYTORCH else ""
            failure = Failure(
                what + count, case.call, title=title, quantity=quantity, index=index, subject=a, reference=b,
                outputs=got, case=case, against_pytorch=expected is None,
            )  # fmt: skip
            if not conventions.is_collected(failure, wrong):
                raise failure
            error = np.where(wrong, 0.0, error)
        if allowed is not None:
            share = np.divide(error, bound, out=np.zeros_like(error, dtype=float), where=error > 0)  # type: ignore[arg-type]
            worst = max(worst, float(share.max(initial=0)))
    return worst


def must_fit(case: Case, got: Outputs, quantity: str, want: Array | None, says: str = PYTORCH) -> None:
    """Check that an output is there, or is None, and has the right shape.

    Raises:
        Failure: It is not.
    """
    output, what = got[quantity], ""
    if output is None or want is None:
        what = "" if output is want else f"{quantity} is {_shape(output)}, {says} {_shape(want)}"
    elif output.shape != want.shape:
        what = f"{quantity} has shape {output.shape}, {says} {want.shape}"
    if what:
        raise Failure(what, case.call, quantity=quantity, outputs=got, case=case)


def _shape(a: Array | None) -> str:
    return "None" if a is None else f"an array {a.shape}"
