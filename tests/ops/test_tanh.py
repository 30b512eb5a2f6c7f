"""Laws of the hyperbolic tangent."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import sigmoid, tanh
from cnn_oracle.ops import OPS

OP = OPS["tanh"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_is_odd(call):
    x = draw(OP, call).arrays["x"]
    assert np.array_equal(tanh.forward(-x), -tanh.forward(x))


@given(call=calls(OP))
def test_is_a_stretched_sigmoid(call):
    x = draw(OP, call).arrays["x"]
    assert (np.abs(tanh.forward(x) - (2 * sigmoid.forward(2 * x) - 1)) <= 40 * U).all()
