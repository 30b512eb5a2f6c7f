"""Which special value is to blame: the subject runs again with each of them, and with no other."""

import numpy as np

from cnn_oracle.cases.case import Case, with_expected
from cnn_oracle.cases.expected import Rejection
from cnn_oracle.diagnose.evidence import Observation
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.values import compare_special_values

SMALL, LARGE = 1e-3, 20.0  # other magnitudes are special: differences cancel, exp saturates or overflows
MOST = 4  # values that are listed


def at_special_values(subject: Subject, op: Op, shown: Observation) -> str | None:
    """The special values of an input that are enough for a failure. None if it takes several inputs together."""
    case, quantity = shown.case, shown.quantity
    if _fails(subject, op, case, "", np.nan, quantity):  # also without any special value
        return None
    for name, a in _inputs(case).items():
        guilty = [v for v in _special(a) if _fails(subject, op, case, name, v, quantity)]
        if guilty:
            return f"{quantity} is wrong at {_listed(name, guilty)}"
    return None


def _inputs(case: Case) -> dict[str, Array]:
    floating = {n: v for n, v in case.keywords.items() if isinstance(v, np.ndarray) and v.dtype.kind == "f"}
    return {n: a for n, a in (case.arrays | floating | {"dy": case.dy}).items() if a is not None}


def _special(a: Array) -> list[float]:
    """The different special values of an array: NaN, infinities, zeros, large and subnormal numbers."""
    values = [float(v) for v in a.ravel() if _is_special(float(v))]
    return sorted({repr(v): v for v in values}.values(), key=lambda v: (not np.isnan(v), np.isfinite(v), -abs(v), -v))


def _is_special(v: float) -> bool:
    return not LARGE > abs(v) >= SMALL


def _only(op: Op, case: Case, name: str, value: float) -> Case:
    """The case with ordinary numbers in place of all special values except this one of this input."""

    def ordinary(n: str, a: Array) -> Array:
        kept = np.array([repr(float(v)) == repr(value) for v in a.ravel()], bool).reshape(a.shape)
        special = np.array([_is_special(float(v)) for v in a.ravel()], bool).reshape(a.shape)
        replaced = special & ~kept if n == name else special
        return np.where(replaced, np.linspace(0.25, 0.75, a.size).reshape(a.shape), a).astype(a.dtype)

    arrays = {n: None if a is None else ordinary(n, a) for n, a in case.arrays.items()}
    keywords = {n: ordinary(n, v) if n in _inputs(case) else v for n, v in case.keywords.items()}
    return with_expected(op, case, arrays=arrays, keywords=keywords, dy=ordinary("dy", case.dy))


def _fails(subject: Subject, op: Op, case: Case, name: str, value: float, quantity: str) -> bool:
    """Whether the output is wrong if only this special value of this input is left."""
    try:
        compare_special_values(subject, op, _only(op, case, name, value))
    except Failure as failure:
        return failure.quantity == quantity
    except Rejection:
        pass
    return False


def _listed(name: str, values: list[float]) -> str:
    texts = [f"{name} = {v:g}".replace("-", "−") for v in values[:MOST]]
    more = ["others"] if len(values) > MOST else []
    *most, last = [*texts, *more]
    return f"{', '.join(most)} and {last}" if most else last
