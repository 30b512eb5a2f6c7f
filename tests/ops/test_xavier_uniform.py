"""Laws of Xavier's uniform initialiser."""

import numpy as np
import pytest
import torch

from cnn_oracle.manual import xavier_normal, xavier_uniform

SHAPE = (40, 30, 3, 5)  # 18,000 numbers; fan_in 450, fan_out 600


def test_pytorchs_own_numbers_fill_the_bound():
    """The largest of n numbers is below b (1 − 20/n) with probability e⁻²⁰."""
    w = torch.nn.init.xavier_uniform_(torch.empty(SHAPE, dtype=torch.float64), 2.0, torch.Generator().manual_seed(0))
    bound = xavier_uniform.forward(np.ones(SHAPE), gain=2.0).max()
    assert bound * (1 - 20 / w.numel()) <= w.abs().max() <= bound


def test_pytorchs_own_numbers_have_the_variance_of_xavier_normal():
    """The mean square of n uniform numbers has a relative standard error of √(4/5 n); five are allowed."""
    w = torch.nn.init.xavier_uniform_(torch.empty(SHAPE, dtype=torch.float64), 2.0, torch.Generator().manual_seed(0))
    variance = xavier_normal.forward(np.ones(SHAPE), gain=2.0).max() ** 2
    assert abs((w * w).mean() / variance - 1) <= 5 * np.sqrt(4 / 5 / w.numel())


def test_a_kernel_counts_in_both_fans():
    """b² = 6/(2·4 + 1·4) = 1/2 for w (1, 2, 2, 2)."""
    b = xavier_uniform.forward(np.ones((1, 2, 2, 2)))
    assert b == pytest.approx(np.sqrt(0.5), abs=4 * np.finfo(float).eps)  # gain, quotient, roots, products


@pytest.mark.of_manual
def test_a_vector_is_rejected():
    with pytest.raises(ValueError, match=r"xavier_uniform\(w=\(3,\)\): a weight has at least two axes"):
        xavier_uniform.forward(np.ones(3))


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_a_weight_without_a_fan_is_rejected_where_pytorch_divides_by_zero():
    with pytest.raises(ZeroDivisionError):
        torch.nn.init.xavier_uniform_(torch.empty(0, 0))
    with pytest.raises(ValueError, match=r"xavier_uniform\(w=\(0, 0\)\): fan_in and fan_out are both 0"):
        xavier_uniform.forward(np.ones((0, 0)))
