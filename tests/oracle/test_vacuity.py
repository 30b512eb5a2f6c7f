"""A pass on zeros, constants or nothing is no pass."""

import numpy as np
import pytest

from cnn_oracle import survey, verification
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, SELECTION
from cnn_oracle.result import Verdict
from cnn_oracle.vacuity import hollow_values, weigh


@pytest.mark.parametrize("name", OPS)
def test_every_op_is_compared_on_values_that_tell(name):
    assert weigh(OPS[name], verification.EXAMPLES, 0).mistrusted is None


def test_an_op_whose_inputs_are_all_empty_is_mistrusted(subject, monkeypatch):
    monkeypatch.setitem(OPS, "relu", Op("relu", lambda choose: {"x": (0, choose("size", (1, 2)))}, SELECTION))
    (row,) = survey.verify(subject, ["relu"], examples=5)
    assert row.verdict is Verdict.MISTRUSTED
    assert str(row.failure).splitlines()[0] == "MISTRUSTED  all arrays are empty"
    assert row.failure.again == f"cnn-oracle verify {subject.name} --op relu"


def test_dropout_that_always_drops_is_mistrusted(monkeypatch):
    inputs = lambda choose: {"x": (2, 3), "mask": (2, 3), "p": 1.0, "training": True}  # noqa: E731
    monkeypatch.setitem(OPS, "dropout", Op("dropout", inputs, OPS["dropout"].comparison))
    assert weigh(OPS["dropout"], 5, 0).mistrusted.what == (
        "60 of 60 true values are zero or constant, more than any op has by nature (215 of 217)"
    )


@pytest.mark.parametrize(
    ("values", "hollow"), [([0, 1, 2], 1), ([3, 3, 3], 3), ([3], 0), ([0], 1), ([], 0), ([np.nan, 1], 1)]
)
def test_zeros_and_constants_are_hollow(values, hollow):
    assert hollow_values(np.array(values, float)) == hollow


def test_the_probability_of_a_miss_follows_from_the_amplitude():
    """Two factors of an amplitude of a million or so; three factors have less room; no other op's is known."""
    assert 1e-8 < weigh(OPS["conv2d"], 20, 0).miss < 1e-6
    assert 1e-6 < weigh(OPS["bilinear"], 20, 0).miss < 1e-4
    assert weigh(OPS["relu"], 20, 0).miss is None
