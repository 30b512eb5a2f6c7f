"""Laws of hardswish."""

import numpy as np
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import sixths
from cnn_oracle.manual import hardswish
from cnn_oracle.ops import OPS

OP = OPS["hardswish"]


@given(call=calls(OP))
def test_is_x_times_hardsigmoid(call):
    x = draw(OP, call, sixths).arrays["x"]
    assert np.array_equal(hardswish.forward(x), x * np.clip(x + 3, 0, 6) / 6)
    assert np.array_equal(hardswish.forward(x) - hardswish.forward(-x), x)


def test_the_gradients_at_minus_3_and_3_are_pytorchs():
    x = torch.tensor([-3.0, 3.0], dtype=torch.float64, requires_grad=True)
    (dx,) = torch.autograd.grad(torch.nn.functional.hardswish(x).sum(), x)
    assert hardswish.backward(np.ones(2), np.array([-3.0, 3.0]))[0].tolist() == dx.tolist() == [0, 1]
