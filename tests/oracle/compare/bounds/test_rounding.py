"""Numbers that carry an error bound: float32 lies within it, and the bound is not too loose."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.compare.bounds import rounding
from cnn_oracle.compare.bounds.rounding import Approx

U = float(np.finfo("float32").epsneg)
ERF = np.vectorize(math.erf, otypes=["float32"])

# The same formula twice: on numbers with errors, and on float32 as NumPy computes it.
FORMULAS = {
    "x + y": (lambda x, y: x + y, lambda x, y: x + y),
    "x − y": (lambda x, y: x - y, lambda x, y: x - y),
    "1 − x y": (lambda x, y: 1 - x * y, lambda x, y: 1 - x * y),
    "x/y": (lambda x, y: x / y, lambda x, y: x / y),
    "0.1 x": (lambda x, _: x * 0.1, lambda x, _: x * 0.1),
    "2/(x² + 1)": (lambda x, _: 2 / (x * x + 1), lambda x, _: 2 / (x * x + 1)),
    "(x + y) − x": (lambda x, y: (x + y) - x, lambda x, y: (x + y) - x),
    "exp(x y/9)": (lambda x, y: rounding.exp(x * y / 9), lambda x, y: np.exp(x * y / 9)),
    "expm1(x/3)": (lambda x, _: rounding.expm1(x / 3), lambda x, _: np.expm1(x / 3)),
    "log(x² + y²)": (lambda x, y: rounding.log(x * x + y * y), lambda x, y: np.log(x * x + y * y)),
    "log1p(exp x)": (lambda x, _: rounding.log1p(rounding.exp(x)), lambda x, _: np.log1p(np.exp(x))),
    "tanh(x y)": (lambda x, y: rounding.tanh(x * y), lambda x, y: np.tanh(x * y)),
    "1/√(x² + 1)": (lambda x, _: rounding.inverse_sqrt(x * x + 1, 0.5), lambda x, _: 1 / np.sqrt(x * x + 1)),
    "1 + erf(x/3)": (lambda x, _: 1 + rounding.erf(x / 3), lambda x, _: 1 + ERF(x / 3)),
    "|x − y|": (lambda x, y: abs(x - y), lambda x, y: abs(x - y)),
    "min(max(x/3, −1), 1)": (
        lambda x, _: rounding.minimum(rounding.maximum(x / 3, -1), 1),
        lambda x, _: np.clip(x / 3, -1, 1),
    ),
    "Σ x y": (lambda x, y: (x * y).sum(-1), lambda x, y: (x * y).sum(-1)),
    "x yᵀ": (lambda x, y: rounding.matmul(x, y.mT), lambda x, y: x @ y.T),
}


def numbers(seed):
    x, y = np.random.default_rng(seed).normal(0, 3, (2, 20, 50)).astype("float32")
    return x, y


@pytest.mark.parametrize("name", FORMULAS)
@given(seed=st.integers(0, 2**32 - 1))
def test_float32_lies_within_the_error(name, seed):
    x, y = numbers(seed)
    carried, computed = FORMULAS[name]
    bound = carried(*(Approx(a.astype(float), 0.0, U) for a in (x, y)))
    got = computed(x, y)
    assert got.dtype == np.float32
    assert (np.abs(got - bound.value) <= bound.error * (1 + 4 * U)).all()  # first order: u² is neglected


@pytest.mark.parametrize("name", FORMULAS)
def test_the_error_bound_is_not_too_loose(name):
    """The largest error of up to a thousand results exceeds 1/100 of the bound. Sums, allowed any order, use least."""
    x, y = numbers(0)
    carried, computed = FORMULAS[name]
    bound = carried(*(Approx(a.astype(float), 0.0, U) for a in (x, y)))
    assert (np.abs(computed(x, y) - bound.value) / bound.error).max() > 1 / 100


def test_cancellation_keeps_the_error():
    """(1 + x) − 1 keeps the rounding error of 1 + x."""
    x = Approx(np.array([2.0**-30]), 0.0, U)
    assert ((1 + x) - 1).error >= U


def test_an_inverse_root_with_a_known_minimum_is_bounded_for_any_error_of_its_square():
    root = rounding.inverse_sqrt(Approx(np.array([1.0, 1.0]), np.array([0.5, 100.0]), U), 0.25)
    assert (root.error >= [1 / np.sqrt(0.5) - 1, 1 / np.sqrt(0.25) - 1]).all()
    assert (root.error < [0.42, 1.01]).all()
    assert rounding.inverse_sqrt(Approx(np.ones(1), 1.0, U), 0.0).error == np.inf


def test_only_a_constant_that_float32_represents_is_exact():
    one = Approx(np.ones(1), 0.0, U)
    assert (one * 0.5).error == U * 0.5
    assert (one * 0.1).error > U * 0.1


def test_the_value_is_float64s():
    third = 1 / Approx(np.array([3.0]), 0.0, U)
    assert Fraction(third.value[0]) == Fraction(1 / 3)
