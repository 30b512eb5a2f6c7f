"""A pass on zeros, constants or empty arrays is vacuous."""

import numpy as np
import pytest

from cnn_oracle import survey, verification
from cnn_oracle.call import parse
from cnn_oracle.cases.case import strongest
from cnn_oracle.op import Comparison, Op
from cnn_oracle.ops import OPS, SELECTION
from cnn_oracle.result import Verdict
from cnn_oracle.vacuity import check_vacuity, count_vacuous, together, values_of


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


def test_a_bitwise_comparison_sees_the_last_bit():
    op = OPS["linear"]
    values = values_of(op, strongest(op, parse("linear(x=(3, 4), w=(2, 4))", 50)))
    assert values.sees == {"y": 2.0**-52, "dx": 2.0**-52, "dw": 2.0**-52}
    assert values.least_error == 2.0**-52
    assert values.inconclusive == ""


def test_elsewhere_the_smallest_error_that_is_seen_follows_from_the_bounds():
    op = OPS["softmax"]
    call = parse("softmax(x=(3, 40), dim=-1)", 5)
    in_float64, in_float32 = (values_of(op, strongest(op, call, (dtype,))) for dtype in ("float64", "float32"))
    assert 1e-15 < in_float64.least_error < 1e-12
    assert 1e-7 < in_float32.least_error < 1e-4
    both = together([in_float64, in_float32])
    assert both.sees == in_float64.sees  # the smallest of all calls
    assert both.compared["y"] == 2 * in_float64.compared["y"] == 240


def wide(case, u):
    """Bounds so wide that zeros pass."""
    return {
        q: None if a is None else 2 * np.abs(a).max(initial=0) + np.zeros(a.shape) for q, a in case.expected.items()
    }


@pytest.mark.parametrize("strict", [False, True])
def test_bounds_that_are_wider_than_all_magnitudes_are_inconclusive(subject, monkeypatch, strict):
    relu = Op("relu", lambda choose: {"x": (choose("size", (3, 4)), 5)}, Comparison((), wide))
    monkeypatch.setitem(OPS, "relu", relu)
    (row,) = survey.verify(subject._replace(ours=False, strict=strict), ["relu"], examples=5)
    assert row.verdict is row.numbers is Verdict.INCONCLUSIVE
    assert row.exit == strict
    assert (row.failure is not None) == strict
    if row.failure:
        assert row.failure.what.startswith("for ")
        assert row.failure.what.endswith("the bound is wider than the largest magnitude in that output")
        assert row.failure.reproduce.endswith(f"verify {subject.name} --op relu")


def test_a_row_says_how_far_it_went_and_what_it_saw(subject):
    (row,) = survey.verify(subject, ["linear"])
    assert row.longest_axis == 65_537
    assert row.visible_error == 2.0**-52
