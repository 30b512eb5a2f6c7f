"""Laws of Xavier's normal initialiser."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import linear, xavier_normal

SHAPE = (40, 30, 3, 5)


def test_pytorchs_own_numbers_have_the_variance():
    """The mean square of n normal numbers has a relative standard error of √(2/n); five are allowed."""
    w = torch.nn.init.xavier_normal_(torch.empty(SHAPE, dtype=torch.float64), 2.0, torch.Generator().manual_seed(0))
    variance = xavier_normal.forward(np.ones(SHAPE), gain=2.0).max() ** 2
    assert abs((w * w).mean() / variance - 1) <= 5 * np.sqrt(2 / w.numel())


@given(o=st.integers(1, 9), i=st.integers(1, 9))
def test_is_symmetric_in_fan_in_and_fan_out(o, i):
    assert xavier_normal.forward(np.ones((o, i)))[0, 0] == xavier_normal.forward(np.ones((i, o)))[0, 0]


def test_a_square_layer_keeps_the_variance():
    """Var y = fan_in σ² Var x = 1, within five standard errors; they exceed √(2/n), as elements of y share w and x."""
    rng = np.random.default_rng(0)
    y = linear.forward(rng.standard_normal((400, 400)), xavier_normal.forward(rng.standard_normal((400, 400))))
    # Σ w² and Σ x² of one row or column have a relative error of √(2/400), averaged over all rows and columns
    assert abs((y * y).mean() - 1) <= 5 * np.sqrt(2 / y.size) * 3


@pytest.mark.of_manual
def test_a_vector_is_rejected():
    with pytest.raises(ValueError, match=r"xavier_normal\(w=\(3,\)\): a weight has at least two axes"):
        xavier_normal.forward(np.ones(3))
