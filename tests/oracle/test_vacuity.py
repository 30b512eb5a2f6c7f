"""A pass on zeros, constants or empty arrays is vacuous."""

import numpy as np
import pytest

from cnn_oracle import survey, verification
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, SELECTION
from cnn_oracle.result import Verdict
from cnn_oracle.vacuity import check_vacuity, count_vacuous


@pytest.mark.parametrize("name", OPS)
def test_no_op_is_vacuous(name):
    assert check_vacuity(OPS[name], verification.EXAMPLES, 0).vacuous is None


def test_an_op_whose_inputs_are_all_empty_is_vacuous(subject, monkeypatch):
    monkeypatch.setitem(OPS, "relu", Op("relu", lambda choose: {"x": (0, choose("size", (1, 2)))}, SELECTION))
    (row,) = survey.verify(subject, ["relu"], examples=5)
    assert row.verdict is Verdict.VACUOUS
    assert str(row.failure).splitlines()[0] == "VACUOUS  all arrays are empty"
    assert row.failure.reproduce == f"cnn-oracle verify {subject.name} --op relu"


def test_dropout_that_always_drops_is_vacuous(monkeypatch):
    inputs = lambda choose: {"x": (2, 3), "mask": (2, 3), "p": 1.0, "training": True}  # noqa: E731
    monkeypatch.setitem(OPS, "dropout", Op("dropout", inputs, OPS["dropout"].comparison))
    assert check_vacuity(OPS["dropout"], 5, 0).vacuous.what == (
        "60 of 60 true values are zero or constant, more than any op has by nature (215 of 217)"
    )


@pytest.mark.parametrize(
    ("values", "vacuous_values"), [([0, 1, 2], 1), ([3, 3, 3], 3), ([3], 0), ([0], 1), ([], 0), ([np.nan, 1], 1)]
)
def test_zeros_and_constants_are_vacuous(values, vacuous_values):
    assert count_vacuous(np.array(values, float)) == vacuous_values


def test_the_probability_of_a_miss_follows_from_the_amplitude():
    """conv2d: two factors of an amplitude of about a million. bilinear: three smaller factors. relu: not known."""
    assert 1e-8 < check_vacuity(OPS["conv2d"], 20, 0).miss_probability < 1e-6
    assert 1e-6 < check_vacuity(OPS["bilinear"], 20, 0).miss_probability < 1e-4
    assert check_vacuity(OPS["relu"], 20, 0).miss_probability is None
