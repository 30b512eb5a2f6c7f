"""Laws of the Adam step."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import adam

DYADIC = {"lr": 1.0, "betas": (0.5, 0.75), "eps": 0.0}


def run(gradients, **options):
    w, state, path = np.array([0.0]), None, []
    for dw in gradients:
        w, state = adam.step(w, np.array([float(dw)]), state, **options)
        path.append(float(w[0]))
    return path


@pytest.mark.parametrize("g", [3.0, -7.0, 1e-6])
def test_the_first_step_is_lr_against_the_sign(g):
    """The corrections undo 1 − β exactly: m/(1 − β₁) = g, √v/√(1 − β₂) = |g|."""
    assert run([g], **DYADIC) == [-np.sign(g)]


def test_under_a_constant_gradient_every_step_is_lr():
    u = np.finfo(float).epsneg
    # 1 − βᵗ and m are exact for dyadic β; √v, √(1 − βᵗ), two quotients and the sum round once each
    assert np.abs(np.diff(run([3] * 6, **DYADIC)) + 1).max() <= 5 * 6 * u


@given(exponent=st.integers(-30, 30), amsgrad=st.booleans(), seed=st.integers(0, 999))
def test_is_invariant_to_the_scale_of_the_gradient(exponent, amsgrad, seed):
    """Bitwise: a power of two passes exactly through the square, the root and the quotient."""
    gradients, options = np.random.default_rng(seed).standard_normal(4), {"eps": 0.0, "amsgrad": amsgrad}
    assert run(gradients * 4.0**exponent, **options) == run(gradients, **options)


def test_amsgrad_is_adam_while_the_second_moment_grows():
    assert run([1, 2, 4], amsgrad=True) == run([1, 2, 4])


def test_amsgrad_keeps_the_largest_moment_before_its_correction():
    """g = 4, 0 at β₁ = 0: v = 4, 3, corrected 16, 3/(7/16); amsgrad divides by the root of 4/(7/16)."""
    _, state = adam.step(np.zeros(1), np.array([4.0]), amsgrad=True, betas=(0.0, 0.75))
    _, state = adam.step(np.zeros(1), np.array([0.0]), state, amsgrad=True, betas=(0.0, 0.75))
    assert (state.v, state.h) == ([3], [4])


def test_eps_is_outside_the_root_and_after_the_correction():
    assert run([3], lr=1.0, betas=(0.5, 0.75), eps=1.0) == [-0.75]


@given(seed=st.integers(0, 999))
def test_maximize_descends_the_negative(seed):
    gradients = np.random.default_rng(seed).standard_normal(4)
    assert run(gradients, maximize=True) == run(-gradients)


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_a_beta_that_is_an_int_is_rejected():
    """A finding: torch 2.13.0 rejects betas=(0.9, 0), because 0 is neither a float nor a tensor."""
    with pytest.raises(ValueError, match="betas must be either both floats or both Tensors"):
        torch.optim.Adam([torch.nn.Parameter(torch.ones(1))], betas=(0.9, 0))
    with pytest.raises(ValueError, match=r"adam\(w=\(1,\), betas=\(0.9, 0\)\): betas must be two floats, 0 ≤ β < 1"):
        adam.step(np.ones(1), np.ones(1), betas=(0.9, 0))
