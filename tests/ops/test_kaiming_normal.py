"""Laws of Kaiming's normal initialiser."""

import numpy as np
import pytest
import torch

from cnn_oracle.manual import kaiming_normal, linear, relu

SHAPE = (40, 30, 3, 5)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_pytorchs_own_numbers_have_the_variance(mode):
    """The mean square of n normal numbers has a relative standard error of √(2/n); five are allowed."""
    w = torch.empty(SHAPE, dtype=torch.float64)
    torch.nn.init.kaiming_normal_(w, 0.5, mode, generator=torch.Generator().manual_seed(0))
    variance = kaiming_normal.forward(np.ones(SHAPE), a=0.5, mode=mode).max() ** 2
    assert abs((w * w).mean() / variance - 1) <= 5 * np.sqrt(2 / w.numel())


def test_a_layer_and_its_rectifier_keep_the_mean_square():
    """The mean square of n outputs y = z⁺ of one x has a relative standard error of √(5/n); five are allowed."""
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((1, 300)), kaiming_normal.forward(rng.standard_normal((10000, 300)))
    y = relu.forward(linear.forward(x, w))
    assert abs((y * y).mean() / (x * x).mean() - 1) <= 5 * np.sqrt(5 / y.size)


def test_slope_one_is_the_identity():
    ones = np.ones((4, 3))
    assert np.array_equal(kaiming_normal.forward(ones, a=1.0), kaiming_normal.forward(ones, nonlinearity="linear"))


@pytest.mark.of_manual
def test_a_vector_is_rejected():
    with pytest.raises(ValueError, match=r"kaiming_normal\(w=\(3,\)\): a weight has at least two axes"):
        kaiming_normal.forward(np.ones(3))
