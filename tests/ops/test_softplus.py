"""Laws of softplus."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import sigmoid, softplus
from cnn_oracle.ops import OPS

OP = OPS["softplus"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_values_at_x_and_minus_x_differ_by_x(call):
    """log(1 + exp x) = x + log(1 + exp −x)."""
    x = draw(OP, call).arrays["x"]
    y = softplus.forward(x)
    assert (np.abs(y - softplus.forward(-x) - x) <= 40 * U * (y + np.abs(x))).all()


@pytest.mark.of_manual
def test_its_derivative_is_sigmoid_whatever_beta_is():
    x = np.array([0.5, -2.0])
    assert np.array_equal(softplus.backward(np.ones(2), x, beta=2.0)[0], sigmoid.forward(2 * x))


def test_at_the_threshold_it_is_still_the_logarithm_as_in_pytorch():
    x = torch.tensor([20.0, 20.5], dtype=torch.float64)
    y = softplus.forward(x.numpy())
    assert (y > x.numpy()).tolist() == (torch.nn.functional.softplus(x) > x).tolist() == [True, False]
