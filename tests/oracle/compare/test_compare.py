"""What a comparison allows in addition to the subject's bound: the reference's own rounding in float64."""

from random import Random

import numpy as np
import pytest

from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases.case import draw
from cnn_oracle.compare.bounds.common import tiny
from cnn_oracle.compare.compare import U, with_references
from cnn_oracle.ops import OPS

PROPORTIONAL = {name: op for name, op in OPS.items() if op.kind != "step"}  # bounds of steps are added


@pytest.mark.parametrize("op", PROPORTIONAL.values(), ids=PROPORTIONAL)
@pytest.mark.parametrize("u", [2.0**-24, 2.0**-11, 2.0**-8], ids=["float32", "float16", "bfloat16"])
def test_the_references_own_bound_is_within_what_is_allowed_for_it(op, u):
    rng = Random(1)
    for _ in range(10):
        case = draw(op, random_call(op, rng))
        with np.errstate(all="ignore"):
            theirs, ours = op.comparison.bound(case, U), op.comparison.bound(case, u)
            for quantity, bound in theirs.items():
                if bound is not None:  # underflow loses little in float64, compared with float32
                    least = ours[quantity]
                    share = with_references(ours, u)[quantity] - least
                    assert (
                        ~np.isfinite(ours[quantity]) | (bound <= share + rounded(ours[quantity]) + tiny(case))
                    ).all()


def rounded(bound):
    """The rounding error of the difference of two bounds, one of which is slightly larger."""
    return U * np.abs(bound)


def test_in_float64_the_reference_may_err_as_much_as_the_subject():
    bound = {"y": np.array([1.0, 3.0]), "dx": None}
    assert with_references(bound, U)["y"].tolist() == [2.0, 6.0]
    assert with_references(bound, U)["dx"] is None
