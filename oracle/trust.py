"""How hollow a comparison is: zeros, constants and nothing at all agree with too many wrong answers."""

from random import Random

import numpy as np

from manual._typing import Array
from oracle.ops import Op
from oracle.strategies import random_call
from oracle.theorems import strongest
from oracle.verdicts import Failure, Verdict

# The share of hollow values that an honest op can reach: a maximum over disjoint windows of 6 × 6 × 6, the largest that
# are drawn, has for each value of y 216 of dx, of which 215 are zero. More than that is no comparison.
MOST = 215 / 217


def mistrusted(op: Op, examples: int, seed: int) -> Failure | None:
    """The failure of an op's drawn calls, verify's own, to tell right from wrong: too many true values are hollow."""
    rng, hollow, total = Random(seed), 0, 0
    drawn = [random_call(op, rng) for _ in range(examples)]
    for call in drawn:
        for a in strongest(op, call).truth.values():
            if a is not None:
                hollow, total = hollow + hollow_values(a), total + a.size
    if hollow <= MOST * total and total:
        return None
    what = f"{hollow:,} of {total:,} true values are zero or constant, more than any op has by nature (215 of 217)"
    if not total:
        what = "all arrays are empty"
    return Failure(what, drawn[0], verdict=Verdict.MISTRUSTED)


def hollow_values(a: Array) -> int:
    """Values that tell little: zeros and NaN, and all of an array of several equal ones."""
    if a.size > 1 and (a == a.flat[0]).all():
        return a.size
    return int(a.size - np.count_nonzero(np.nan_to_num(a)))
