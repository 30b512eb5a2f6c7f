"""Laws of the transposed convolutions of one, two and three axes. On integers all hold to the last bit."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.ops import OPS
from cnn_oracle.theorems.differences import dot

every_rank = pytest.mark.parametrize("rank", [1, 2, 3])


def drawn(rank, data):
    """A case on the integer grid, and the options that a convolution has too."""
    op = OPS[f"conv_transpose{rank}d"]
    case = draw(op, data.draw(calls(op)), integers)
    return case, {n: v for n, v in case.keywords.items() if n != "output_padding"}


@every_rank
@given(data=st.data())
def test_is_the_input_gradient_of_a_convolution_read_forwards(under_test, rank, data):
    """E9: y is the input gradient of the convolution with the same weight and options whose input has y's shape."""
    case, options = drawn(rank, data)
    conv, (x, w, _) = OPS[f"conv{rank}d"].manual, case.arrays.values()
    y = under_test(f"conv_transpose{rank}d").forward(x, w, **case.keywords)
    # an output_padding of a whole stride, which dilation allows, makes space for more windows
    assume(conv.forward(np.zeros_like(y), w, **options).shape == x.shape)
    assert np.array_equal(conv.input_gradient(x, y.shape, w, **options), y)


@every_rank
@given(data=st.data())
def test_is_the_adjoint_of_a_convolution(under_test, rank, data):
    """⟨conv_transpose(x), v⟩ = ⟨x, conv(v)⟩"""
    case, options = drawn(rank, data)
    x, w, _ = case.arrays.values()
    y = under_test(f"conv_transpose{rank}d").forward(x, w, **case.keywords)
    v = case.rng.integers(-9, 10, y.shape).astype(float)
    seen = OPS[f"conv{rank}d"].manual.forward(v, w, **options)[(..., *map(slice, x.shape[2:]))]
    assert dot(y, v) == dot(x, seen)
