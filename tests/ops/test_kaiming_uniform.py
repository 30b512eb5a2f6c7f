"""Laws of Kaiming's uniform initialiser."""

import inspect

import numpy as np
import pytest
import torch

from cnn_oracle.manual import kaiming_normal, kaiming_uniform
from cnn_oracle.manual._initial import GAIN

SHAPE = (40, 30, 3, 5)


@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_pytorchs_own_numbers_fill_the_bound(mode):
    """The largest of n numbers is below b (1 − 20/n) with probability e⁻²⁰."""
    w = torch.empty(SHAPE, dtype=torch.float64)
    torch.nn.init.kaiming_uniform_(w, 0.5, mode, generator=torch.Generator().manual_seed(0))
    bound = kaiming_uniform.forward(np.ones(SHAPE), a=0.5, mode=mode).max()
    assert bound * (1 - 20 / w.numel()) <= w.abs().max() <= bound


@pytest.mark.parametrize("nonlinearity", [*GAIN, "leaky_relu"])
def test_every_gain_is_pytorchs(nonlinearity):
    """fan_in is 1, so that σ is the gain."""
    # three roundings on either side, of numbers up to 2: the quotient, the root, the product
    gain = kaiming_normal.forward(np.ones((1, 1)), a=0.25, nonlinearity=nonlinearity)
    assert gain == pytest.approx(torch.nn.init.calculate_gain(nonlinearity, 0.25), abs=6 * np.finfo(float).eps)


@pytest.mark.torch_only("2.13.0")
def test_every_nonlinearity_of_pytorch_is_known():
    source = inspect.getsource(torch.nn.init.calculate_gain)
    assert all(f'"{name}"' in source for name in (*GAIN, "leaky_relu"))


def test_the_bound_is_root_three_deviations():
    ones = np.ones((4, 3))
    assert np.array_equal(kaiming_uniform.forward(ones), 3**0.5 * kaiming_normal.forward(ones))


def test_an_empty_weight_stays_as_it_is():
    assert kaiming_uniform.forward(np.ones((0, 0, 3))).shape == (0, 0, 3)


@pytest.mark.of_manual
@pytest.mark.parametrize("options", [{"mode": "fan"}, {"nonlinearity": "gelu"}])
def test_options_unknown_to_pytorch_are_rejected(options):
    with pytest.raises(ValueError, match=r"kaiming_uniform\(.*\): (mode|nonlinearity) must be"):
        kaiming_uniform.forward(np.ones((2, 2)), **options)
