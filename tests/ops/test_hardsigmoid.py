"""Laws of hardsigmoid."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import sixths
from cnn_oracle.manual import hardsigmoid
from cnn_oracle.ops import OPS

OP = OPS["hardsigmoid"]


@given(call=calls(OP))
def test_values_at_x_and_minus_x_sum_to_one(call):
    x = draw(OP, call, sixths).arrays["x"]
    assert np.array_equal(hardsigmoid.forward(x) + hardsigmoid.forward(-x), np.ones_like(x))


def test_the_gradients_at_minus_3_and_3_are_pytorchs():
    x = torch.tensor([-3.0, 3.0], dtype=torch.float64, requires_grad=True)
    (dx,) = torch.autograd.grad(torch.nn.functional.hardsigmoid(x).sum(), x)
    assert hardsigmoid.backward(np.ones(2), np.array([-3.0, 3.0]))[0].tolist() == dx.tolist() == [0, 0]


@pytest.mark.torch_only("2.13.0")
def test_pytorchs_own_backward_multiplies_by_the_float32_nearest_to_one_sixth():
    """In float64 too, so its gradient is off by 3e-8. The reference uses the definition instead."""
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (theirs,) = torch.autograd.grad(torch.nn.functional.hardsigmoid(x), x)
    assert theirs.item() == float(np.float32(1) / np.float32(6)) != 1 / 6
    assert hardsigmoid.backward(np.ones(1), np.zeros(1))[0] == 1 / 6
