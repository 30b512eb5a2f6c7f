"""Laws of the AdamW step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import adam, adamw


@given(seed=st.integers(0, 999), amsgrad=st.booleans(), maximize=st.booleans())
def test_without_decay_it_is_adam(seed, **options):
    rng = np.random.default_rng(seed)
    w, states = (rng.standard_normal(3),) * 2, [None, None]
    for dw in rng.standard_normal((3, 3)):
        (a, states[0]) = adam.step(w[0], dw, states[0], **options)
        (b, states[1]) = adamw.step(w[1], dw, states[1], weight_decay=0.0, **options)
        w = a, b
        assert np.array_equal(a, b)


def test_the_decay_is_independent_of_the_gradient():
    """Adam's decay is divided by the root of the moments with the gradient; AdamW's is 1 − η λ for any dw."""
    w = np.array([8.0])
    small, large = (
        adamw.step(w, np.array([g]), lr=0.5, betas=(0.5, 0.75), eps=0.0, weight_decay=0.5)[0] for g in (1e-3, 1e3)
    )
    assert small == large == [8 * 0.75 - 0.5]


def test_the_moments_are_independent_of_the_decay():
    _, with_decay = adamw.step(np.ones(1), np.ones(1), weight_decay=0.5)
    _, without = adamw.step(np.ones(1), np.ones(1), weight_decay=0.0)
    assert with_decay == without


@pytest.mark.of_manual
def test_a_negative_decay_is_rejected():
    with pytest.raises(ValueError, match=r"adamw\(w=\(1,\), .*weight_decay=-1.0\): .* must be ≥ 0"):
        adamw.step(np.ones(1), np.ones(1), weight_decay=-1.0)
