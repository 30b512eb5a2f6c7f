"""Laws of the exponential linear unit."""

import numpy as np
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import elu
from cnn_oracle.ops import OPS

OP = OPS["elu"]


@given(call=calls(OP))
def test_is_the_identity_above_zero_and_stays_above_minus_alpha(call):
    x = draw(OP, call).arrays["x"]
    y = elu.forward(x, alpha=2.0)
    assert np.array_equal(y[x > 0], x[x > 0])
    assert (y >= -2).all()


def test_only_alpha_one_makes_the_slope_continuous():
    eps = np.array([5e-324, -5e-324])
    assert elu.backward(np.ones(2), eps)[0].tolist() == [1, 1]
    assert elu.backward(np.ones(2), eps, alpha=2.0)[0].tolist() == [1, 2]


def test_keeps_the_digits_of_a_small_argument():
    """exp(x) − 1 would lose all of them."""
    assert elu.forward(np.array([-1e-20])).tolist() == [-1e-20]


def test_the_gradient_at_0_is_pytorchs():
    x, dy = np.array([0.0, -0.0]), np.array([2.0, 3.0])
    t = torch.from_numpy(x).requires_grad_()
    (dx,) = torch.autograd.grad(OP.reference.forward(t, alpha=0.5), t, torch.from_numpy(dy))
    assert elu.backward(dy, x, alpha=0.5)[0].tolist() == dx.tolist() == [1, 1.5]
