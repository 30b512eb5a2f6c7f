"""Laws of the bilinear form."""

import numpy as np
from hypothesis import given

from manual import bilinear, linear
from oracle.cases import draw
from oracle.lattices import cubes
from oracle.ops import OPS
from oracle.strategies import calls

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
