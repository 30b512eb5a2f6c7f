"""Laws of the binary cross-entropy of logits."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, sigmoid
from cnn_oracle.ops import OPS

OP = OPS["binary_cross_entropy_with_logits"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_is_binary_cross_entropy_of_the_sigmoid(call):
    case = draw(OP, call)
    x, target = case.arrays["x"], np.round(np.abs(case.arrays["target"]) % 1)
    y = binary_cross_entropy_with_logits.forward(x, target, reduction="none")
    through = binary_cross_entropy.forward(sigmoid.forward(x), target, reduction="none")
    # the probability adds sigmoid's error relative to the distance from 1, which grows like exp |x|
    assert (np.abs(y - through) <= 40 * U * (y + np.exp(np.abs(x)))).all()


@given(call=calls(OP))
def test_is_cross_entropy_of_two_classes(call):
    x = draw(OP, call).arrays["x"].ravel()
    y = binary_cross_entropy_with_logits.forward(x, np.ones_like(x), reduction="none")
    two = cross_entropy.forward(np.stack((0 * x, x), 1), target=np.ones(x.size, int), reduction="none")
    assert (np.abs(y - two) <= 40 * U * (y + np.abs(x))).all()


def test_a_certain_mistake_costs_its_logit_where_a_clipped_probability_would_cost_46():
    x, target = np.array([-100.0]), np.array([1.0])
    assert binary_cross_entropy_with_logits.forward(x, target) == 100
    assert binary_cross_entropy_with_logits.backward(np.array(1.0), x, target)[0] == -1
    assert f"{-np.log(max(sigmoid.forward(x)[0], 1e-20)):.2f}" == "46.05"


@pytest.mark.of_manual
@pytest.mark.parametrize("name", ["weight", "pos_weight"])
def test_a_weight_that_would_broadcast_the_loss_is_rejected(name):
    with pytest.raises(ValueError, match=name) as error:
        binary_cross_entropy_with_logits.forward(np.ones(3), np.ones(3), **{name: np.ones((2, 3))})
    call = f"binary_cross_entropy_with_logits(x=(3,), {name}=(2, 3))"
    assert str(error.value) == f"{call}: {name} cannot be broadcast to x"


def test_a_mean_over_nothing_is_nan_as_in_pytorch():
    empty = np.zeros((0, 3))
    assert np.isnan(binary_cross_entropy_with_logits.forward(empty, empty))
    assert torch.nn.functional.binary_cross_entropy_with_logits(torch.zeros(0, 3), torch.zeros(0, 3)).isnan()
    assert [d.shape for d in binary_cross_entropy_with_logits.backward(np.array(1.0), empty, empty)] == [(0, 3)] * 2
