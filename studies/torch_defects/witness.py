"""The witness: ``manual`` in float64, on lattices where it cannot round, elsewhere within its own bound.

PyTorch in float64, contiguous, is asked for K and for magnitudes alone (cases/exact_grids.py, compare/bounds/): how
large an answer may be, never what it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import STEPS, Case, arrays_of, keywords_of
from cnn_oracle.cases.distributions import normal
from cnn_oracle.cases.dtypes import FORMATS, Format, held
from cnn_oracle.cases.exact_grids import REAL, Draw, Lattice, meeting
from cnn_oracle.cases.expected import Answers
from cnn_oracle.cases.layouts import zero_strides
from cnn_oracle.compare.bounds.common import present
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes import load
from cnn_oracle.op import Op
from cnn_oracle.run.subject import backward, everything, forward
from cnn_oracle.subject import OURS

MANUAL = load(OURS)
FLOAT64 = np.dtype("float64")
U64 = FORMATS["float64"].u


def cases(op: Op, call: Call, form: Format, *, every: bool = True) -> Iterator[Case]:
    """The call on its op's lattices, and on real numbers; or only (not ``every``) on the first of these it has."""
    for lattice in (*op.comparison.lattices, None):
        if lattice is None and unsafe(call):  # its bound asks PyTorch
            return
        case = draw(op, call, lattice, form)
        if case.exact or lattice is None:
            yield case
            if not every:
                return


def draw(op: Op, call: Call, lattice: Draw | None, form: Format) -> Case:
    """As cases.case.draw, in numbers that the format holds; the truth is manual's. Real, where nothing is exact."""
    rng = np.random.default_rng(call.seed)
    keywords = {
        n: form.rounded(v) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v
        for n, v in keywords_of(op, call, rng, FLOAT64, whole=lattice is not None).items()
    }
    primal, dual = (held(a, form) for a in lattice(call, keywords, form.sums)) if lattice else (REAL, REAL)
    if not all(a is REAL or a.distinct or a.amplitude for a in (primal, dual)):  # nothing but zeros would fit
        primal, dual = REAL, REAL
    arrays = {n: a if a is None else _held(a, form) for n, a in arrays_of(op, call, rng, FLOAT64, primal).items()}
    case = Case(call, form.carrier, arrays, keywords, np.zeros(()), {}, (primal, dual), rng)

    def cotangent(shape: tuple[int, ...]) -> Array:
        return form.rounded(np.asarray(_values(dual, rng, shape, call)))

    return answered(op, case, cotangent)


def answered(op: Op, case: Case, cotangent: Callable[[tuple[int, ...]], Array]) -> Case:
    """The case with dy, made once y's shape is known, and manual's answers."""
    if op.kind == "step":
        case = replace(case, dy=cotangent((STEPS, *case.call.arguments["w"])))
        return replace(case, truth=everything(MANUAL, op, case))
    truth = forward(MANUAL, case)
    case = replace(case, dy=cotangent(present(truth["y"]).shape))
    return replace(case, truth=truth | backward(MANUAL, case))


def expanded(op: Op, case: Case) -> Case | None:
    """Its numbers repeated along the first axis, and manual's answers to those; None where that leaves no lattice."""
    if case.lattices[0].squares:
        return None
    arrays = {n: a if a is None else zero_strides(a) for n, a in case.arrays.items()}
    dy = np.stack([zero_strides(a) for a in case.dy]) if op.kind == "step" else zero_strides(case.dy)
    return answered(op, replace(case, arrays=arrays), lambda _: dy)


def allowed(op: Op, case: Case, form: Format) -> Answers:
    """How far each element may lie off: a kernel's rounding in its form, all the way through, and manual's own."""
    with np.errstate(all="ignore"):
        ours, theirs = (_bound(op, case, u) for u in (U64, form.u))
        sums = {q: None if a is None else np.asarray(a + theirs[q]) for q, a in ours.items()}
    return {q: None if a is None else np.where(np.isnan(a), np.inf, a) for q, a in sums.items()}


def _bound(op: Op, case: Case, u: float) -> Answers:
    if not unsafe(case.call):
        return op.comparison.bound(case, u)
    magnitudes = present(backward(MANUAL, replace(case, dy=np.abs(case.dy)))["dx"])  # as compare/bounds/sums.py does
    return {"y": np.zeros(case.dy.shape), "dx": gamma(meeting(case.call) - 1, u) * magnitudes}


def _held(a: Array, form: Format) -> Array:
    """Its numbers in the format; numbers a million away from zero, which float16 has none of, a thousandth of them."""
    with np.errstate(over="ignore"):
        rounded = form.rounded(a)
    return rounded if np.isfinite(rounded).all() or not np.isfinite(a).all() else _held(a / 1024, form)


def _values(lattice: Lattice, rng: np.random.Generator, shape: tuple[int, ...], call: Call) -> Array:
    return normal(rng, shape, call, False) if lattice is REAL else lattice.values(rng, shape)
