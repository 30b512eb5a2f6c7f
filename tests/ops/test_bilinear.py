"""Laws of the bilinear form."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import cubes
from cnn_oracle.manual import bilinear, linear
from cnn_oracle.ops import OPS

OP = OPS["bilinear"]


@given(call=calls(OP))
def test_is_symmetric_under_exchange_of_its_inputs(call):
    x1, x2, w, b = draw(OP, call, cubes).arrays.values()
    assert np.array_equal(
        bilinear.forward(x1, x2, w, b), bilinear.forward(x2, x1, np.ascontiguousarray(w.swapaxes(1, 2)), b)
    )


@given(call=calls(OP))
def test_with_ones_for_one_input_it_is_linear_in_the_other(call):
    x1, x2, w, b = draw(OP, call, cubes).arrays.values()
    assert np.array_equal(bilinear.forward(np.ones_like(x1), x2, w, b), linear.forward(x2, w.sum(1), b))
