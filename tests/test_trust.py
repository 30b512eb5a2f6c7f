"""A pass on zeros, constants or nothing is no pass."""

import numpy as np
import pytest

from oracle import verify
from oracle.ops import OPS, SELECTION, Op
from oracle.trust import hollow_values, mistrusted
from oracle.verdicts import Verdict


@pytest.mark.parametrize("name", OPS)
def test_every_op_is_compared_on_values_that_tell(name):
    assert mistrusted(OPS[name], verify.EXAMPLES, 0) is None


def test_an_op_whose_inputs_are_all_empty_is_mistrusted(subject, monkeypatch):
    monkeypatch.setitem(OPS, "relu", Op("relu", lambda choose: {"x": (0, choose("size", (1, 2)))}, SELECTION))
    (row,) = verify.verify(subject, ["relu"], examples=5)
    assert row.verdict is Verdict.MISTRUSTED
    assert str(row.failure).splitlines()[0] == "MISTRUSTED  all arrays are empty"
    assert row.failure.again == "python -m oracle verify manual --op relu"


def test_dropout_that_always_drops_is_mistrusted(monkeypatch):
    inputs = lambda choose: {"x": (2, 3), "mask": (2, 3), "p": 1.0, "training": True}  # noqa: E731
    monkeypatch.setitem(OPS, "dropout", Op("dropout", inputs, OPS["dropout"].comparison))
    assert mistrusted(OPS["dropout"], 5, 0).what == (
        "60 of 60 true values are zero or constant, more than any op has by nature (215 of 217)"
    )


@pytest.mark.parametrize(
    ("values", "hollow"), [([0, 1, 2], 1), ([3, 3, 3], 3), ([3], 0), ([0], 1), ([], 0), ([np.nan, 1], 1)]
)
def test_zeros_and_constants_are_hollow(values, hollow):
    assert hollow_values(np.array(values, float)) == hollow
