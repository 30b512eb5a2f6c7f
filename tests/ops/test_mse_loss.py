"""Laws of the mean squared error."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import squared_differences
from cnn_oracle.manual import mse_loss
from cnn_oracle.ops import OPS

OP = OPS["mse_loss"]


@given(call=calls(OP))
def test_is_symmetric_in_x_and_target(call):
    case = draw(OP, call, squared_differences)
    (x, target), options = case.arrays.values(), case.keywords
    assert np.array_equal(
        mse_loss.forward(x, target, **options), mse_loss.forward(target, x, **options), equal_nan=True
    )


@given(call=calls(OP))
def test_the_gradients_of_x_and_target_cancel(call):
    case = draw(OP, call, squared_differences)
    dx, dtarget = mse_loss.backward(case.dy, *case.arrays.values(), **case.keywords)
    assert np.array_equal(dx, -dtarget)


def test_a_weighted_mean_divides_by_the_weights():
    x, weight = np.array([1.0, 3.0]), np.array([1.0, 3.0])
    assert mse_loss.forward(x, np.zeros(2), weight=weight) == (1 * 1 + 3 * 9) / 4


def test_a_mean_over_nothing_is_nan_as_in_pytorch():
    empty = np.zeros((0, 3))
    assert np.isnan(mse_loss.forward(empty, empty))
    assert torch.nn.functional.mse_loss(torch.zeros(0, 3), torch.zeros(0, 3)).isnan()
    assert [d.shape for d in mse_loss.backward(np.array(1.0), empty, empty)] == [(0, 3)] * 2


@pytest.mark.of_manual
def test_a_target_that_pytorch_would_broadcast_with_a_warning_is_rejected():
    with pytest.raises(ValueError, match="mse_loss") as error:
        mse_loss.forward(np.ones((2, 3)), np.ones((2, 1)))
    assert str(error.value) == "mse_loss(x=(2, 3), target=(2, 1)): x and target must have one shape"
