"""Laws of the Adagrad step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import adagrad


def run(gradients, **options):
    w, state, path = np.array([0.0]), None, []
    for dw in gradients:
        w, state = adagrad.step(w, np.array([float(dw)]), state, **options)
        path.append(float(w[0]))
    return path


def test_under_a_constant_gradient_step_t_is_lr_over_the_root_of_t():
    """Checks steps 1 and 4, whose roots are exact: v = g², …, 4 g²."""
    path = [0.0, *run([3, 3, 3, 3], lr=1.0, eps=0.0)]
    assert path[1] == -1
    # step and difference are exact; only w₄, between 2 and 4, is rounded, once, by at most half an ulp
    assert path[4] - path[3] == pytest.approx(-0.5, abs=np.finfo(float).eps)


@given(exponent=st.integers(-30, 30), seed=st.integers(0, 999))
def test_is_invariant_to_the_scale_of_the_gradient(exponent, seed):
    """Bitwise: a power of two passes exactly through the square, the root and the quotient."""
    gradients = np.random.default_rng(seed).standard_normal(4)
    assert run(gradients * 4.0**exponent, eps=0.0) == run(gradients, eps=0.0)


def test_lr_decay_spares_the_first_step():
    assert run([2, 0], lr=1.0, lr_decay=1.0, eps=0.0) == [-1, -1]
    assert run([4, 3], lr=1.0, lr_decay=1.0, eps=0.0) == [-1, -1 - 0.5 * 3 / 5]


def test_eps_is_outside_the_root():
    assert run([3], lr=1.0, initial_accumulator_value=16.0, eps=1.0) == [-0.5]


@given(seed=st.integers(0, 999))
def test_maximize_descends_the_negative(seed):
    gradients = np.random.default_rng(seed).standard_normal(4)
    assert run(gradients, maximize=True) == run(-gradients)


@pytest.mark.of_manual
def test_a_negative_accumulator_is_rejected():
    with pytest.raises(ValueError, match=r"adagrad\(w=\(1,\), .*initial_accumulator_value=-1.0.*\): .* must be ≥ 0"):
        adagrad.step(np.ones(1), np.ones(1), initial_accumulator_value=-1.0)
