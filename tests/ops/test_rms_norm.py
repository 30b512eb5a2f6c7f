"""Laws of root mean square norm."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.cases.exact_grids import square_numbers
from cnn_oracle.manual import rms_norm

seeds = st.integers(0, 2**32 - 1)
LAST = {"normalized_shape": (8,)}


def draw(seed):
    rng = np.random.default_rng(seed)
    return rng, square_numbers(rng, (3, 8), (1,), None)


@given(seed=seeds)
def test_the_mean_square_becomes_one_but_for_eps(seed):
    """3/(3 + ε), bitwise."""
    _, x = draw(seed)
    assert ((rms_norm.forward(x, **LAST, eps=1.0) ** 2).mean(1) == 0.75).all()


@given(seed=seeds, exponent=st.integers(-30, 30))
def test_without_eps_y_is_invariant_to_scale_and_dx_is_inverse_to_it(seed, exponent):
    """Bitwise: a power of two passes exactly through the square, the root and the quotient."""
    rng, x = draw(seed)
    dy, factor = rng.standard_normal(x.shape), 2.0**exponent
    assert np.array_equal(rms_norm.forward(factor * x, **LAST, eps=0.0), rms_norm.forward(x, **LAST, eps=0.0))
    far, near = (rms_norm.backward(dy, a, **LAST, eps=0.0)[0] for a in (factor * x, x))
    assert np.array_equal(factor * far, near)


@given(seed=seeds)
def test_without_eps_dx_is_orthogonal_to_x(seed):
    """Because y is invariant to scale. Bitwise if every x is ±1."""
    rng = np.random.default_rng(seed)
    x, dy = rng.choice([-1.0, 1.0], (3, 8)), rng.integers(-9, 10, (3, 8)).astype(float)
    dx, _ = rms_norm.backward(dy, x, **LAST, eps=0.0)
    assert not (dx * x).sum(1).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_eps_is_by_default_that_of_the_dtype(dtype):
    """x² = ε, so y = x/√(2ε). ε is 2⁻²³ in float32 and 2⁻⁵² in float64."""
    x = np.array([[np.sqrt(np.finfo(dtype).eps)]], dtype)
    theirs = torch.nn.functional.rms_norm(torch.from_numpy(x), (1,))
    y = rms_norm.forward(x, normalized_shape=(1,))
    # x, x², the sum, its root, the quotient and z are each rounded by at most ε/2, for numbers up to 1
    assert y == pytest.approx(np.sqrt(0.5), abs=4 * float(np.finfo(dtype).eps))
    assert np.abs(y - theirs.numpy()) <= 4 * np.finfo(dtype).eps


def test_a_row_of_zeros_stays_zero():
    assert not rms_norm.forward(np.zeros((2, 8)), **LAST).any()


@pytest.mark.of_manual
def test_another_shape_is_rejected():
    with pytest.raises(ValueError, match=r"rms_norm\(x=\(3, 8\), weight=\(1,\)\): weight must be \(8,\)"):
        rms_norm.forward(np.ones((3, 8)), np.ones(1), **LAST)
