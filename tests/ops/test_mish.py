"""Laws of x tanh(softplus(x))."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import mish
from cnn_oracle.ops import OPS

OP = OPS["mish"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_needs_no_tanh(call):
    """tanh(log(1 + e)) = ((1 + e)² − 1)/((1 + e)² + 1) = e (e + 2)/(e (e + 2) + 2)."""
    x = draw(OP, call).arrays["x"]
    e = np.exp(x)
    y = x * (e * (e + 2) / (e * (e + 2) + 2))
    assert (np.abs(mish.forward(x) - y) <= 60 * U * np.abs(y)).all()


def test_its_slope_at_zero_is_three_fifths():
    slope = mish.backward(np.ones(1), np.zeros(1))[0]
    assert abs(slope - 0.6) <= 16 * U  # tanh and log are each accurate to 4 ulp
