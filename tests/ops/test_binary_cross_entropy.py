"""Laws of the binary cross-entropy."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import binary_cross_entropy
from cnn_oracle.ops import OPS

OP = OPS["binary_cross_entropy"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_is_symmetric_under_exchange_of_the_two_classes(call):
    case = draw(OP, call)
    x = np.round(case.arrays["x"] * 2**20) / 2**20  # so that 1 − x is exact
    target = np.round(case.arrays["target"])
    y = binary_cross_entropy.forward(x, target, reduction="none")
    assert (np.abs(y - binary_cross_entropy.forward(1 - x, 1 - target, reduction="none")) <= 20 * U * y).all()


def test_is_least_where_x_is_the_target():
    x = np.array([0.25, 0.5, 0.875])
    assert (binary_cross_entropy.backward(np.ones(3), x, x, reduction="none")[0] == 0).all()


def test_at_the_ends_dx_is_not_the_derivative_of_y_as_in_pytorch():
    """y is constant near 0, because log is cut off at −100, but dx is −1e12."""
    x, target = np.zeros(1), np.ones(1)
    assert binary_cross_entropy.forward(x, target) == binary_cross_entropy.forward(x + 1e-50, target) == 100
    t = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    y = torch.nn.functional.binary_cross_entropy(t, torch.ones(1, dtype=torch.float64))
    (dx,) = torch.autograd.grad(y, t)
    assert binary_cross_entropy.backward(np.array(1.0), x, target)[0] == dx.numpy() == -1 / float(np.float32(1e-12))


@pytest.mark.of_manual
@pytest.mark.parametrize("x", [-0.1, 1.1, np.nan])
def test_an_invalid_probability_is_rejected(x):
    with pytest.raises(ValueError, match="binary_cross_entropy") as error:
        binary_cross_entropy.forward(np.array([x]), np.array([1.0]))
    assert str(error.value) == "binary_cross_entropy(x=(1,), target=(1,)): x and target must lie in 0 … 1"


def test_a_mean_over_nothing_is_nan_as_in_pytorch():
    empty = np.zeros((0, 3))
    assert np.isnan(binary_cross_entropy.forward(empty, empty))
    assert torch.nn.functional.binary_cross_entropy(torch.zeros(0, 3), torch.zeros(0, 3)).isnan()
    assert [d.shape for d in binary_cross_entropy.backward(np.array(1.0), empty, empty)] == [(0, 3)] * 2
