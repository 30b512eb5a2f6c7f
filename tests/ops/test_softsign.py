"""Laws of softsign."""

import numpy as np
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import softsign
from cnn_oracle.ops import OPS

OP = OPS["softsign"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_is_undone_by_y_over_one_minus_its_size(call):
    x = draw(OP, call).arrays["x"]
    y = softsign.forward(x)
    assert (np.abs(y / (1 - np.abs(y)) - x) <= 8 * U * np.abs(x) * (1 + np.abs(x))).all()


def test_the_derivative_at_zero_is_one():
    assert softsign.backward(np.ones(2), np.array([0.0, -0.0]))[0].tolist() == [1, 1]


def test_infinity_returns_nan_as_in_pytorch_where_the_limit_is_one():
    x = np.array([np.inf])
    assert np.isnan(softsign.forward(x))
    assert torch.nn.functional.softsign(torch.from_numpy(x)).isnan()
