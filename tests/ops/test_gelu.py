"""Laws of x Φ(x)."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.compare.bounds.rounding import ELEMENTARY
from cnn_oracle.manual import gelu
from cnn_oracle.manual._erf import erf
from cnn_oracle.ops import OPS

OP = OPS["gelu"]

U = np.finfo(float).epsneg


@pytest.mark.parametrize("approximate", ["none", "tanh"])
@given(call=calls(OP))
def test_values_at_x_and_minus_x_differ_by_x(approximate, call):
    """x Φ(x) + x Φ(−x) = x."""
    x = draw(OP, call).arrays["x"]
    y, mirrored = (gelu.forward(a, approximate=approximate) for a in (x, -x))
    assert (np.abs(y - mirrored - x) <= 24 * U * np.abs(x)).all()


def test_the_tanh_form_is_off_by_less_than_5e_4_but_by_more_than_4e_4():
    x = np.linspace(-6, 6, 10_001)
    off = np.abs(gelu.forward(x) - gelu.forward(x, approximate="tanh")).max()
    assert 4e-4 < off < 5e-4


@pytest.mark.of_manual
def test_another_approximation_is_rejected():
    with pytest.raises(ValueError, match="gelu") as error:
        gelu.backward(np.ones(2), np.ones(2), approximate="sigmoid")
    assert str(error.value) == "gelu(x=(2,), approximate='sigmoid'): approximate must be 'none' or 'tanh'"


def test_minus_infinity_returns_nan_as_in_pytorch_where_the_limit_is_zero():
    x = np.array([-np.inf])
    assert np.isnan(gelu.forward(x))
    assert torch.nn.functional.gelu(torch.from_numpy(x)).isnan()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_erf_is_the_standard_librarys_to_the_accuracy_of_an_elementary_function(dtype):
    """Within ELEMENTARY u of its value, as for exp: for small x, in the transition, and where erf is 1."""
    small = np.finfo(dtype).tiny ** np.linspace(0, 0.99, 2000)
    x = np.concatenate([np.linspace(-7, 7, 2**15 + 1), small, -small, [1e30, -1e30, np.inf, -np.inf]]).astype(dtype)
    expected = np.array([math.erf(v) for v in x])
    assert (np.abs(erf(x) - expected) <= ELEMENTARY * np.finfo(dtype).epsneg * np.abs(expected)).all()
    assert np.isnan(erf(np.array(np.nan, dtype)))
    assert math.copysign(1, erf(np.array(-0.0, dtype))) == -1
