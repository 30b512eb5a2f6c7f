"""Laws of flatten."""

import numpy as np
import pytest
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import distinct
from cnn_oracle.manual import flatten
from cnn_oracle.ops import OPS

OP = OPS["flatten"]


@given(call=calls(OP))
def test_backward_undoes_forward(call):
    case = draw(OP, call, distinct)
    x = case.arrays["x"]
    (back,) = flatten.backward(flatten.forward(x, **case.keywords), x, **case.keywords)
    assert np.array_equal(back, x)


def test_keeps_row_order():
    assert flatten.forward(np.arange(12).reshape(2, 3, 2), start_dim=1).tolist() == [[*range(6)], [*range(6, 12)]]


@pytest.mark.of_manual
def test_start_dim_after_end_dim_is_rejected():
    with pytest.raises(ValueError, match="flatten") as error:
        flatten.forward(np.ones((2, 3)), start_dim=1, end_dim=0)
    assert str(error.value) == "flatten(x=(2, 3), start_dim=1, end_dim=0): need 0 ≤ start_dim ≤ end_dim < 2"
