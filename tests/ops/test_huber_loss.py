"""Laws of the Huber loss."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import huber_loss, smooth_l1_loss
from cnn_oracle.ops import OPS

OP = OPS["huber_loss"]


@given(call=calls(OP))
def test_is_delta_times_smooth_l1_loss(call):
    """Bitwise, for a δ that is a power of two."""
    x, target = draw(OP, call).arrays.values()
    y = smooth_l1_loss.forward(x, target, reduction="none", beta=0.5)
    assert np.array_equal(huber_loss.forward(x, target, reduction="none", delta=0.5), 0.5 * y)


def test_a_weighted_mean_divides_by_the_count_unlike_mse_loss():
    x = torch.tensor([0.5, 3.0], dtype=torch.float64)
    weight = torch.tensor([1.0, 3.0], dtype=torch.float64)
    theirs = torch.nn.functional.huber_loss(x, torch.zeros_like(x), weight=weight)
    assert huber_loss.forward(x.numpy(), np.zeros(2), weight=weight.numpy()) == theirs.item() == (0.125 + 3 * 2.5) / 2


@pytest.mark.of_manual
@pytest.mark.parametrize("delta", [0.0, -1.0])
def test_a_delta_that_is_not_positive_is_rejected(delta):
    with pytest.raises(ValueError, match="huber_loss") as error:
        huber_loss.forward(np.ones(2), np.ones(2), delta=delta)
    assert str(error.value) == f"huber_loss(x=(2,), target=(2,), delta={delta}): delta must be > 0"


def test_a_mean_over_nothing_is_nan_as_in_pytorch():
    empty = np.zeros((0, 3))
    assert np.isnan(huber_loss.forward(empty, empty))
    assert torch.nn.functional.huber_loss(torch.zeros(0, 3), torch.zeros(0, 3)).isnan()
    assert [d.shape for d in huber_loss.backward(np.array(1.0), empty, empty)] == [(0, 3)] * 2
