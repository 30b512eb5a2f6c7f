"""Laws of x Φ(x)."""

import numpy as np
import pytest
import torch
from hypothesis import given

from manual import gelu
from oracle.cases import draw
from oracle.ops import OPS
from oracle.strategies import calls

OP = OPS["gelu"]

U = np.finfo(float).epsneg


@pytest.mark.parametrize("approximate", ["none", "tanh"])
@given(call=calls(OP))
def test_is_x_more_than_at_minus_x(approximate, call):
    """x Φ(x) + x Φ(−x) = x."""
    x = draw(OP, call).arrays["x"]
    y, mirrored = (gelu.forward(a, approximate=approximate) for a in (x, -x))
    assert (np.abs(y - mirrored - x) <= 24 * U * np.abs(x)).all()


def test_the_tanh_form_is_off_by_less_than_5e_4_but_by_more_than_4e_4():
    x = np.linspace(-6, 6, 10_001)
    off = np.abs(gelu.forward(x) - gelu.forward(x, approximate="tanh")).max()
    assert 4e-4 < off < 5e-4


def test_another_approximation_is_refused():
    with pytest.raises(ValueError, match="gelu") as error:
        gelu.backward(np.ones(2), np.ones(2), approximate="sigmoid")
    assert str(error.value) == "gelu(x=(2,), approximate='sigmoid'): approximate must be 'none' or 'tanh'"


def test_minus_infinity_gives_nan_as_in_pytorch_where_the_limit_is_zero():
    x = np.array([-np.inf])
    assert np.isnan(gelu.forward(x))
    assert torch.nn.functional.gelu(torch.from_numpy(x)).isnan()
