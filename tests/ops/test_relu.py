"""Laws of the rectified linear unit."""

import numpy as np
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import ties
from cnn_oracle.manual import relu
from cnn_oracle.ops import OPS

OP = OPS["relu"]


@given(call=calls(OP))
def test_is_idempotent_and_positively_homogeneous(call):
    x = draw(OP, call, ties).arrays["x"]
    y = relu.forward(x)
    assert np.array_equal(relu.forward(y), y)
    assert np.array_equal(relu.forward(8 * x), 8 * y)


@given(call=calls(OP))
def test_a_number_is_its_positive_part_minus_that_of_its_negative(call):
    x = draw(OP, call).arrays["x"]
    assert np.array_equal(relu.forward(x) - relu.forward(-x), x)


def test_the_derivative_at_0_is_0_and_nan_lets_dy_pass_as_in_pytorch():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324])
    t = torch.from_numpy(x).requires_grad_()
    dy = np.arange(1.0, 8)
    (dx,) = torch.autograd.grad(torch.relu(t), t, torch.from_numpy(dy))
    assert np.array_equal(relu.forward(x), torch.relu(t).detach(), equal_nan=True)
    assert np.array_equal(relu.backward(dy, x)[0], dx)
    assert relu.backward(dy, x)[0][:2].tolist() == [0, 0]
