"""Laws of average pooling of rank 1: the derivation is avg_pool2d's."""

import numpy as np
from hypothesis import given

from manual import avg_pool1d
from oracle.cases import draw
from oracle.lattices import multiples
from oracle.ops import OPS
from oracle.strategies import calls

OP = OPS["avg_pool1d"]


@given(call=calls(OP))
def test_a_constant_stays_constant_without_its_padding(call):
    options = draw(OP, call).keywords | {"count_include_pad": False}
    options.pop("divisor_override", None)
    assert (avg_pool1d.forward(np.full(call.arguments["x"], 3.0), **options) == 3).all()


@given(call=calls(OP))
def test_backward_is_the_adjoint_of_forward(call):
    case = draw(OP, call, multiples)
    x = case.arrays["x"]
    y, (dx,) = avg_pool1d.forward(x, **case.keywords), avg_pool1d.backward(case.dy, x, **case.keywords)
    inner = [sum(int(p) * int(q) for p, q in zip(a.flat, b.flat, strict=True)) for a, b in ((y, case.dy), (x, dx))]
    assert inner[0] == inner[1]
