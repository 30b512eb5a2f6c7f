"""Laws of the transposed convolution of rank 1. On integers each holds to the last bit."""

import numpy as np
from hypothesis import given

from manual import conv1d, conv_transpose1d
from oracle.cases import draw
from oracle.lattices import integers
from oracle.ops import OPS
from oracle.strategies import calls

OP = OPS["conv_transpose1d"]


@given(call=calls(OP))
def test_is_the_input_gradient_of_a_convolution_read_forwards(call):
    """E9: conv1d with the same weight, stride and padding, of an input of y's shape, has this gradient."""
    case = draw(OP, call, integers)
    x, w, _ = case.arrays.values()
    options = {n: v for n, v in case.keywords.items() if n != "output_padding"}
    y = conv_transpose1d.forward(x, w, **case.keywords)
    if conv1d.forward(np.zeros_like(y), w, **options).shape != x.shape:
        return  # an output_padding of a whole stride (dilation allows it) has room for more windows
    assert np.array_equal(conv1d.input_gradient(x, y.shape, w, **options), y)


@given(call=calls(OP))
def test_is_the_adjoint_of_a_convolution(call):
    """⟨conv_transpose(x), v⟩ = ⟨x, conv(v)⟩"""
    case = draw(OP, call, integers)
    x, w, _ = case.arrays.values()
    options = {n: v for n, v in case.keywords.items() if n != "output_padding"}
    y = conv_transpose1d.forward(x, w, **case.keywords)
    v = case.rng.integers(-9, 10, y.shape).astype(float)
    seen = conv1d.forward(v, w, **options)[(..., *map(slice, x.shape[2:]))]
    assert _inner(y, v) == _inner(x, seen)


def _inner(a, b):
    return sum(int(p) * int(q) for p, q in zip(a.flat, b.flat, strict=True))
