"""The arbiter says who is wrong if a subject and PyTorch differ: it compares each side with an independent check.

A value of y is compared with its definition in exact arithmetic. A gradient is compared with differences of the forward
of its own side, along the unit vector e of the wrong element: da[i] = ⟨dy, f(a + e) − f(a − e)⟩/2. This identity is
exact if f is at most quadratic. Elsewhere, differences of order 8 are used, with their truncation and noise.
"""

from collections.abc import Callable
from fractions import Fraction
from math import isfinite

import numpy as np

from cnn_oracle.cases.case import Case, replace
from cnn_oracle.cases.exact_grids import REAL
from cnn_oracle.cases.expected import reference_forward
from cnn_oracle.compare.bounds.common import present
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.compare.compare import U, tolerance
from cnn_oracle.diagnose.exact import exactly
from cnn_oracle.diagnose.exact.formulas import Index
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure, show
from cnn_oracle.run.subject import forward
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.differences import NOISE, derivative, dot

Forward = Callable[[Case], Array]  # y of a case
Claim = tuple[float, bool]  # the value of an independent check, and whether the side's own value can be right


def who_is_wrong(failure: Failure, subject: Subject) -> str:
    """One line: the subject is wrong, PyTorch is wrong, both are wrong, or "undecided", with the reason."""
    op, case, quantity, index = OPS[failure.call.op], failure.case, failure.quantity, failure.index or ()
    if not np.isfinite(case.expected.get("y", 0)).all():
        return "undecided: y is not finite"
    try:
        if quantity == "y":
            return _by_definition(op, failure, index)
        if quantity.removeprefix("d") in case.arrays and not _at_a_kink(op, case, quantity[1:], index):
            return _by_differences(op, failure, index, subject)
    except Exception as error:  # on other inputs, the subject's forward may raise anything
        return f"undecided: {type(error).__name__} on the way"
    return "undecided: no independent check applies at a tie, at a nondifferentiable point, or to an optimiser's step"


def _at_a_kink(op: Op, case: Case, name: str, index: Index) -> bool:
    """Whether f has no derivative at this element, or may have none: then only PyTorch's convention decides."""
    if op.comparison.distance_to_kink and name in (distance := op.comparison.distance_to_kink(case)):
        return not np.broadcast_to(distance[name], present(case.arrays[name]).shape)[index]
    return case.grids[0].nondifferentiable


def _by_definition(op: Op, failure: Failure, index: Index) -> str:
    value = exactly(op, failure.case, index)
    if value is None:
        return "undecided: y has no definition in exact arithmetic here"
    sides, allowed = _values(failure), _allowed(op, failure.case, "y", index)
    subject, pytorch = (isfinite(side) and abs(Fraction(side) - value) <= allowed for side in sides)
    further = max(filter(isfinite, sides), key=lambda side: abs(Fraction(side) - value))
    return _verdict(subject, pytorch, f"by definition, in exact arithmetic, it is {show(float(value), further)}")


def _by_differences(op: Op, failure: Failure, index: Index, subject: Subject) -> str:
    def theirs(case: Case) -> Array:
        return reference_forward(case.call, case.arrays, case.keywords)

    def own(case: Case) -> Array:
        return present(forward(subject, case)["y"])

    claims = [_own_forward(op, failure, index, *side) for side in zip((own, theirs), _values(failure), strict=True)]
    (a, ours), (b, torchs) = claims
    subject_says, pytorch_says = _values(failure)
    one, other = show(a, pytorch_says if ours else subject_says), show(b, subject_says if torchs else pytorch_says)
    if one == other:
        text = f"both forwards say {one}"
    else:
        text = f"the subject's own forward says {one}, PyTorch's own {other}"
    return _verdict(ours, torchs, text)


def _own_forward(op: Op, failure: Failure, index: Index, f: Forward, value: float) -> Claim:
    """The derivative by differences of f, and whether the value agrees with it."""
    case, name = failure.case, failure.quantity[1:]
    a = present(case.arrays[name])
    e, distance = np.zeros(a.shape), op.comparison.distance_to_kink(case) if op.comparison.distance_to_kink else {}
    room = float(np.broadcast_to(distance.get(name, np.inf), e.shape)[index])
    if not case.exact or case.grids[0].nondifferentiable or case.grids[0].squares:
        return _smooth(op, case, failure.quantity, index, f, value, min(1.0, room))
    unit = e[index] = case.grids[0].unit
    change = dot(case.dy, _at(f, case, name, a + e) - _at(f, case, name, a - e)) / 2 / Fraction(unit)
    return float(change), isfinite(value) and change == Fraction(value)


def _smooth(op: Op, case: Case, quantity: str, index: Index, f: Forward, value: float, step: float) -> Claim:
    """As differences.smooth_difference, for one element.

    The tolerance is the truncation, the bound of f at each point, and the bound of the value.
    """
    name = quantity[1:]
    wide = replace(  # the same numbers in float64, so that float32 does not round the differences
        case, dtype=np.dtype(np.float64), dy=case.dy.astype(float), grids=(REAL, REAL),
        arrays={n: None if a is None else a.astype(float) for n, a in case.arrays.items()},
    )  # fmt: skip
    a, y, e = wide.as_float64(name), present(wide.expected["y"]), np.zeros(present(case.arrays[name]).shape)
    e[index] = step
    seen, truncation = derivative(lambda s: float(np.sum(wide.dy * _at(f, wide, name, a + s * e))))
    rounded = np.sum(np.abs(wide.dy) * (present((tolerance(op, wide) or {})["y"]) + gamma(y.size + 1, U) * np.abs(y)))
    noise = truncation + NOISE * (rounded + U * abs(value) * (abs(float(a[index])) + 1))
    return seen / step, bool(abs(seen / step - value) <= noise / step + _allowed(op, case, quantity, index))


def _at(f: Forward, case: Case, name: str, a: Array) -> Array:
    return f(replace(case, arrays=case.arrays | {name: a.astype(case.dtype)}))


def _allowed(op: Op, case: Case, quantity: str, index: Index) -> float:
    bounds = tolerance(op, case)
    if bounds is None:
        return 0.0
    return float(np.broadcast_to(present(bounds[quantity]), present(case.expected[quantity]).shape)[index])


def _values(failure: Failure) -> tuple[float, float]:
    assert failure.subject is not None
    assert failure.reference is not None
    return failure.subject, failure.reference


def _verdict(subject: bool, pytorch: bool, text: str) -> str:
    words = {(False, True): "the subject is wrong", (True, False): "PyTorch is wrong", (False, False): "both are wrong"}
    return f"{words.get((subject, pytorch), 'undecided')}: {text}"
