"""How much a pass means: whether its expected values are vacuous, what it sees, and the miss probability.

Many wrong outputs agree with zeros, constants and empty arrays. The smallest relative error that a comparison sees is
the bound of an element divided by its magnitude, or one unit in the last place where outputs must be bitwise equal. If
most elements of an output have a bound above its largest magnitude, the comparison is inconclusive. The miss
probability is the probability that an error stays unseen. On integers from −A to A, an error that is a polynomial of
degree d in the inputs is zero at a random point with a probability of at most d/(2A + 1) (Schwartz–Zippel).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import inf
from random import Random
from typing import NamedTuple

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases import exact_grids
from cnn_oracle.cases.case import Case, strongest
from cnn_oracle.cases.exact_grids import GridRule
from cnn_oracle.compare.compare import tolerance
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.subject import DTYPES

# The largest share of vacuous values that a correct op can have. The largest windows are 6 × 6 × 6. Max pooling over
# one of them has one value of y and 216 values of dx; 215 of these are zero. With a larger share, a pass is VACUOUS.
MOST = 215 / 217


# The degree of y and the gradients of a multilinear op, as polynomials in the arguments and dy, by its exact grid
DEGREES: Mapping[GridRule, int] = {exact_grids.integers: 2, exact_grids.cubes: 3}


class Values(NamedTuple):
    """The expected values of some calls: their number, how many are vacuous, and the least amplitude of the grids.

    For each output, ``sees`` has the smallest relative error in one element that the comparison sees, ``compared`` the
    number of elements, and ``blind`` the number of those whose bound is above the largest magnitude in their output.
    """

    total: int = 0
    vacuous_values: int = 0
    amplitude: float = inf
    sees: Mapping[str, float] = {}
    compared: Mapping[str, int] = {}
    blind: Mapping[str, int] = {}

    @property
    def least_error(self) -> float | None:
        """The smallest relative error that is seen in each output. None if nothing was compared."""
        return max(self.sees.values(), default=None)

    @property
    def inconclusive(self) -> str:
        """The outputs for most of whose elements the bound is too wide, as the start of a sentence. "" without any."""
        wide = [q for q, n in self.blind.items() if 2 * n > self.compared[q]]
        numbers = (f"{self.blind[q]:,} of {self.compared[q]:,} elements of {q}" for q in wide)
        return f"for {', '.join(numbers)}" if wide else ""


class Vacuity(NamedTuple):
    """How much a pass on some calls means. ``miss_probability`` is for one element, where it is known."""

    vacuous: Failure | None
    miss_probability: float | None


def check_vacuity(op: Op, examples: int, seed: int, dtypes: tuple[str, ...] = DTYPES) -> Vacuity:
    """Whether random calls of an op are vacuous."""
    rng = Random(seed)
    drawn = [random_call(op, rng) for _ in range(examples)]
    return judge_values(op, together(values_of(op, strongest(op, call, dtypes)) for call in drawn), drawn[0])


def judge_values(op: Op, values: Values, call: Call) -> Vacuity:
    """How much a pass with these expected values means. A failure names ``call``."""
    degree = DEGREES.get(op.comparison.grids[0]) if op.comparison.grids else None
    total, vacuous_values, amplitude = values[:3]
    if vacuous_values <= MOST * total and total:
        return Vacuity(None, degree / (2 * amplitude + 1) if degree else None)
    what = (
        f"{vacuous_values:,} of {total:,} true values are zero or constant, more than any op has by nature (215 of 217)"
    )
    return Vacuity(Failure(what if total else "all arrays are empty", call, verdict=Verdict.VACUOUS), None)


def values_of(op: Op, case: Case) -> Values:
    """The expected values of a case, and what its comparison sees."""
    present = {q: a for q, a in case.expected.items() if a is not None}
    amplitude = min(grid.amplitude for grid in case.grids)
    total, vacuous = sum(a.size for a in present.values()), sum(map(count_vacuous, present.values()))
    bounds, ulp, sees, blind = tolerance(op, case), float(np.finfo(case.dtype).eps), dict[str, float](), Counter[str]()
    for q, a in present.items():
        if bounds is None:  # bitwise: any error is seen, in any element that is not zero
            sees |= {q: ulp} if a.any() else {}
            continue
        magnitude = np.where(np.isfinite(a), np.abs(a), 0)
        if not magnitude.any():
            continue
        bound = bounds[q]
        with np.errstate(over="ignore"):  # the bound of a subnormal number
            relative = np.divide(bound, magnitude, out=np.full(a.shape, inf), where=magnitude > 0)  # type: ignore[arg-type]
        sees[q] = max(float(relative.min()), ulp)
        blind[q] = int((np.broadcast_to(bound, a.shape) > magnitude.max()).sum())  # type: ignore[arg-type]
    compared = {q: present[q].size for q in sees}
    return Values(total, vacuous, amplitude, sees, compared, blind)


def together(parts: Iterable[Values]) -> Values:
    every = list(parts)
    sees = dict[str, float]()
    for q, error in (item for one in every for item in one.sees.items()):
        sees[q] = min(error, sees.get(q, inf))
    return Values(
        sum(one.total for one in every), sum(one.vacuous_values for one in every),
        min((one.amplitude for one in every), default=inf), sees,
        sum((Counter(one.compared) for one in every), Counter()), sum((Counter(one.blind) for one in every), Counter()),
    )  # fmt: skip


def count_vacuous(a: Array) -> int:
    """The number of vacuous values: zeros, NaN, and all elements of an array whose elements are equal."""
    if a.size > 1 and a.flat[0] == a.flat[-1] and (a == a.flat[0]).all():
        return a.size
    return int(a.size - np.count_nonzero(a) + np.count_nonzero(a != a))  # only NaN differs from itself
