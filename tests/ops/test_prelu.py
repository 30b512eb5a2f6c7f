"""Laws of the leaky rectified linear unit with a learned slope."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import slopes
from cnn_oracle.manual import leaky_relu, prelu
from cnn_oracle.ops import OPS

OP = OPS["prelu"]


@given(call=calls(OP))
def test_with_one_slope_for_all_it_is_leaky_relu(call):
    case = draw(OP, call)
    x = case.arrays["x"]
    assert np.array_equal(prelu.forward(x, np.array([0.25])), leaky_relu.forward(x, negative_slope=0.25))


@given(call=calls(OP))
def test_the_weight_gradient_depends_only_on_negative_inputs(call):
    case = draw(OP, call, slopes)
    x, w = case.arrays["x"], case.arrays["w"]
    assert (prelu.backward(case.dy, np.abs(x), w)[1] == 0).all()
    dw = prelu.backward(case.dy, x, w)[1]
    assert dw.sum() == (case.dy * np.minimum(x, 0)).sum()  # exact on the grid of ``slopes``


def test_the_slope_at_0_is_the_weight_as_in_pytorch():
    x, w = torch.zeros(1, dtype=torch.float64, requires_grad=True), torch.tensor([0.25], dtype=torch.float64)
    (dx,) = torch.autograd.grad(torch.nn.functional.prelu(x, w), x)
    assert prelu.backward(np.ones(1), np.zeros(1), np.array([0.25]))[0] == dx.numpy() == 0.25


@pytest.mark.of_manual
@pytest.mark.parametrize("w", [(2,), (1, 1), (0,)])
def test_a_weight_that_is_neither_one_slope_nor_one_per_channel_is_rejected(w):
    with pytest.raises(ValueError, match="prelu") as error:
        prelu.forward(np.ones((4, 3)), np.ones(w))
    assert str(error.value) == f"prelu(x=(4, 3), w={w}): w must have one slope, or one for each of 3 channels"
