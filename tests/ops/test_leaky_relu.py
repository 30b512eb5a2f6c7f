"""Laws of the leaky rectified linear unit."""

import numpy as np
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import leaky_relu, relu
from cnn_oracle.ops import OPS

OP = OPS["leaky_relu"]


@given(call=calls(OP))
def test_is_undone_by_the_leak_of_the_reciprocal_slope(call):
    """Bitwise, for a slope that is a power of two."""
    x = draw(OP, call).arrays["x"]
    assert np.array_equal(leaky_relu.forward(leaky_relu.forward(x, negative_slope=0.25), negative_slope=4.0), x)


@given(call=calls(OP))
def test_without_a_leak_it_is_relu(call):
    case = draw(OP, call)
    x = case.arrays["x"]
    assert np.array_equal(leaky_relu.forward(x, negative_slope=0.0), relu.forward(x))
    assert np.array_equal(leaky_relu.backward(case.dy, x, negative_slope=0.0)[0], relu.backward(case.dy, x)[0])


def test_the_gradient_at_0_is_pytorchs():
    x, dy = np.array([0.0, -0.0]), np.array([2.0, 3.0])
    t = torch.from_numpy(x).requires_grad_()
    (dx,) = torch.autograd.grad(OP.reference.forward(t, negative_slope=0.25), t, torch.from_numpy(dy))
    assert leaky_relu.backward(dy, x, negative_slope=0.25)[0].tolist() == dx.tolist() == [0.5, 0.75]
