"""Laws of smooth_l1_loss."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import l1_loss, smooth_l1_loss
from cnn_oracle.ops import OPS

OP = OPS["smooth_l1_loss"]


@given(call=calls(OP))
def test_is_half_of_beta_below_l1_loss_beyond_beta(call):
    x = draw(OP, call).arrays["x"]
    far = np.where(x < 0, x - 2, x + 2)
    y, line = (loss.forward(far, np.zeros_like(x), reduction="none") for loss in (smooth_l1_loss, l1_loss))
    assert np.array_equal(y, line - 0.5)


@pytest.mark.of_manual
@given(call=calls(OP))
def test_beta_zero_is_l1_loss(call):
    case = draw(OP, call)
    (x, target), reduction = case.arrays.values(), case.keywords.get("reduction", "mean")
    y = smooth_l1_loss.forward(x, target, reduction=reduction, beta=0.0)
    assert np.array_equal(y, l1_loss.forward(x, target, reduction=reduction), equal_nan=True)


def test_the_parabola_meets_the_line_with_its_slope():
    x = np.array([np.nextafter(0.5, 0), 0.5, np.nextafter(0.5, 1)])
    dx, _ = smooth_l1_loss.backward(np.ones(3), x, np.zeros(3), reduction="none", beta=0.5)
    t = torch.from_numpy(x).requires_grad_()
    y = torch.nn.functional.smooth_l1_loss(t, torch.zeros(3), reduction="sum", beta=0.5)
    assert dx.tolist() == torch.autograd.grad(y, t)[0].tolist() == [1 - 2**-53, 1, 1]


def test_a_mean_over_nothing_is_nan_as_in_pytorch():
    empty = np.zeros((0, 3))
    assert np.isnan(smooth_l1_loss.forward(empty, empty))
    assert torch.nn.functional.smooth_l1_loss(torch.zeros(0, 3), torch.zeros(0, 3)).isnan()
    assert [d.shape for d in smooth_l1_loss.backward(np.array(1.0), empty, empty)] == [(0, 3)] * 2
