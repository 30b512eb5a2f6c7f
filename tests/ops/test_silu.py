"""Laws of x sigmoid(x)."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import silu
from cnn_oracle.ops import OPS

OP = OPS["silu"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_values_at_x_and_minus_x_differ_by_x(call):
    """x s(x) + x s(−x) = x."""
    x = draw(OP, call).arrays["x"]
    assert (np.abs(silu.forward(x) - silu.forward(-x) - x) <= 24 * U * np.abs(x)).all()


def test_its_only_minimum_lies_at_minus_1_278():
    x = np.array([-1.2784645427610738])
    assert abs(silu.backward(np.ones(1), x)[0][0]) < 1e-15
    assert abs(silu.forward(x)[0] - -0.27846454276107380) <= 12 * U  # exp to 4 ulp, a sum, a quotient, a product
