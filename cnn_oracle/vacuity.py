"""What a pass is worth: whether its true values tell anything, and how likely a mistake stays unseen.

Zeros, constants and nothing at all agree with too many wrong answers. On integers in ±A, an error that is a polynomial
of degree d in the inputs is zero at a random one with probability d/(2A + 1) at most (Schwartz–Zippel).
"""

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
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.subject import DTYPES

# The share of hollow values that an honest op can reach: a maximum over disjoint windows of 6 × 6 × 6, the largest that
# are drawn, has for each value of y 216 of dx, of which 215 are zero. More than that is no comparison.
MOST = 215 / 217


# The degree of a multilinear op's y and gradients in the arguments and dy, by its lattice
DEGREES: Mapping[GridRule, int] = {exact_grids.integers: 2, exact_grids.cubes: 3}


class Values(NamedTuple):
    """Some calls' true values: how many, how many of them are hollow, and the least amplitude of their lattices."""

    total: int = 0
    vacuous_values: int = 0
    amplitude: float = inf


class Worth(NamedTuple):
    """What some calls are worth; ``miss`` is the probability per value, where it is known."""

    vacuous: Failure | None
    miss_probability: float | None


def check_vacuity(op: Op, examples: int, seed: int, dtypes: tuple[str, ...] = DTYPES) -> Worth:
    """The worth of an op's drawn calls, verify's own."""
    rng = Random(seed)
    drawn = [random_call(op, rng) for _ in range(examples)]
    return worth(op, together(values_of(strongest(op, call, dtypes)) for call in drawn), drawn[0])


def worth(op: Op, values: Values, call: Call) -> Worth:
    """What calls with these true values are worth; ``call`` stands for them."""
    degree = DEGREES.get(op.comparison.grids[0]) if op.comparison.grids else None
    total, vacuous_values, amplitude = values
    if vacuous_values <= MOST * total and total:
        return Worth(None, degree / (2 * amplitude + 1) if degree else None)
    what = (
        f"{vacuous_values:,} of {total:,} true values are zero or constant, more than any op has by nature (215 of 217)"
    )
    return Worth(Failure(what if total else "all arrays are empty", call, verdict=Verdict.VACUOUS), None)


def values_of(case: Case) -> Values:
    present = [a for a in case.expected.values() if a is not None]
    amplitude = min(grid.amplitude for grid in case.grids)
    return Values(sum(a.size for a in present), sum(map(count_vacuous, present)), amplitude)


def together(parts: Iterable[Values]) -> Values:
    total, vacuous_values, amplitudes = zip(Values(), *parts, strict=True)
    return Values(sum(total), sum(vacuous_values), min(amplitudes))


def count_vacuous(a: Array) -> int:
    """Values that tell little: zeros and NaN, and all of an array of several equal ones."""
    if a.size > 1 and a.flat[0] == a.flat[-1] and (a == a.flat[0]).all():
        return a.size
    return int(a.size - np.count_nonzero(a) + np.count_nonzero(a != a))  # NaN is the one that is not itself
