"""Laws of the mean absolute error."""

import numpy as np
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import l1_loss
from cnn_oracle.ops import OPS

OP = OPS["l1_loss"]


@given(call=calls(OP))
def test_scales_with_its_arguments(call):
    case = draw(OP, call)
    (x, target), options = case.arrays.values(), case.keywords
    y = l1_loss.forward(x, target, **options)
    assert np.array_equal(l1_loss.forward(-4 * x, -4 * target, **options), 4 * y, equal_nan=True)


def test_the_gradient_is_0_at_0_and_at_nan_as_in_pytorch():
    x = np.array([0.0, np.nan])
    t = torch.from_numpy(x).requires_grad_()
    (theirs,) = torch.autograd.grad(torch.nn.functional.l1_loss(t, torch.zeros(2), reduction="sum"), t)
    assert l1_loss.backward(np.array(1.0), x, np.zeros(2), reduction="sum")[0].tolist() == theirs.tolist() == [0, 0]


def test_a_mean_over_nothing_is_nan_as_in_pytorch():
    empty = np.zeros((0, 3))
    assert np.isnan(l1_loss.forward(empty, empty))
    assert torch.nn.functional.l1_loss(torch.zeros(0, 3), torch.zeros(0, 3)).isnan()
    assert [d.shape for d in l1_loss.backward(np.array(1.0), empty, empty)] == [(0, 3)] * 2
