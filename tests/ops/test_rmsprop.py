"""Laws of the RMSprop step."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import rmsprop


def run(gradients, **options):
    w, state, path = np.array([0.0]), None, []
    for dw in gradients:
        w, state = rmsprop.step(w, np.array([float(dw)]), state, **options)
        path.append(float(w[0]))
    return path


def test_without_memory_only_the_sign_of_the_gradient_counts():
    assert run([3, -7, 1e-3], lr=1.0, alpha=0.0, eps=0.0) == [-1, 0, -1]


def test_the_first_step_is_not_bias_corrected():
    """v = (1 − α) g² at step 1, so the step is η/√(1 − α): ten times η by default."""
    assert run([5], lr=1.0, alpha=0.75, eps=0.0) == [-2]


def test_momentum_adds_up_scaled_steps():
    """d = 1, −1 at α = 0; m = 1, then ½ − 1."""
    assert run([3, -100], lr=1.0, alpha=0.0, momentum=0.5, eps=0.0) == [-1, -0.5]


def test_centered_divides_by_the_deviation():
    """α = ½, g = 2: v = 2, a = 1, so √(v − a²) = 1, but √v is not."""
    assert run([2], lr=1.0, alpha=0.5, eps=0.0, centered=True) == [-2]


def test_eps_is_outside_the_root():
    assert run([3], lr=1.0, alpha=0.0, eps=1.0) == [-0.75]


@given(exponent=st.integers(-30, 30), centered=st.booleans(), seed=st.integers(0, 999))
def test_is_invariant_to_the_scale_of_the_gradient(exponent, centered, seed):
    """Bitwise: a power of two passes exactly through the square, the root and the quotient."""
    gradients, options = np.random.default_rng(seed).standard_normal(4), {"eps": 0.0, "centered": centered}
    assert run(gradients * 4.0**exponent, **options) == run(gradients, **options)


@pytest.mark.torch_only("2.13.0")
def test_alpha_may_exceed_one():
    """A finding: torch 2.13.0 checks only that alpha is ≥ 0. Above 1, v is negative and w is NaN, on both sides."""
    parameter = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    parameter.grad = torch.ones(1, dtype=torch.float64)
    torch.optim.RMSprop([parameter], alpha=1.5).step()
    with np.errstate(invalid="ignore"):
        w, _ = rmsprop.step(np.ones(1), np.ones(1), alpha=1.5)
    assert np.isnan(w).all()
    assert parameter.isnan().all()


@pytest.mark.of_manual
def test_a_negative_alpha_is_rejected():
    with pytest.raises(ValueError, match=r"rmsprop\(w=\(1,\), .*alpha=-1.0.*\): .* must be ≥ 0"):
        rmsprop.step(np.ones(1), np.ones(1), alpha=-1.0)
