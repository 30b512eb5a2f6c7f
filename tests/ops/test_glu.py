"""Laws of the gated linear unit."""

import numpy as np
import pytest
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import glu
from cnn_oracle.ops import OPS

OP = OPS["glu"]


@given(call=calls(OP))
def test_an_open_gate_lets_the_first_half_pass(call):
    case = draw(OP, call)
    dim = case.keywords.get("dim", -1)
    a, b = np.split(case.arrays["x"], 2, dim)
    assert np.array_equal(glu.forward(np.concatenate((a, b + np.inf), dim), dim=dim), a)
    assert (glu.forward(np.concatenate((a, b - np.inf), dim), dim=dim) == 0).all()


@pytest.mark.of_manual
def test_an_odd_axis_is_rejected():
    with pytest.raises(ValueError, match="glu") as error:
        glu.forward(np.ones((2, 3)))
    assert str(error.value) == "glu(x=(2, 3), dim=-1): x must have an axis dim, with an even number of cells"
