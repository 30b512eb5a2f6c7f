"""Laws of the logistic function."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import sigmoid, softmax
from cnn_oracle.ops import OPS

OP = OPS["sigmoid"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_values_at_x_and_minus_x_sum_to_one(call):
    x = draw(OP, call).arrays["x"]
    assert (np.abs(sigmoid.forward(x) + sigmoid.forward(-x) - 1) <= 24 * U).all()  # two times exp, a sum and a quotient


@given(call=calls(OP))
def test_is_softmax_of_x_and_zero(call):
    x = draw(OP, call).arrays["x"]
    pair = softmax.forward(np.stack((x, np.zeros_like(x))), dim=0)[0]
    assert (np.abs(sigmoid.forward(x) - pair) <= 24 * U * pair).all()


def test_keeps_its_digits_far_below_zero():
    # 1 + e = 1 and the quotient are exact; 4 u covers the difference of NumPy's exp for arrays and for scalars
    assert np.isclose(sigmoid.forward(np.array([-700.0])), np.exp(-700), rtol=4 * U, atol=0)
