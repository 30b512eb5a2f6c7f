"""Laws of average pooling."""

import numpy as np
import pytest
from hypothesis import given

from manual import avg_pool2d, conv2d
from oracle.cases import draw
from oracle.lattices import multiples
from oracle.ops import OPS
from oracle.strategies import calls

OP = OPS["avg_pool2d"]
some_calls = calls(OP)


@given(call=some_calls)
def test_backward_is_the_adjoint_of_forward(call):
    """On multiples of every window's size both are integers, and ⟨y, dy⟩ = ⟨x, dx⟩ to the last bit."""
    case = draw(OP, call, multiples)
    x = case.arrays["x"]
    y, (dx,) = avg_pool2d.forward(x, **case.keywords), avg_pool2d.backward(case.dy, x, **case.keywords)
    assert _inner(y, case.dy) == _inner(x, dx)


@given(call=some_calls)
def test_a_constant_image_stays_constant_without_its_padding(call):
    options = draw(OP, call).keywords | {"count_include_pad": False, "divisor_override": None}
    y = avg_pool2d.forward(np.full(call.arguments["x"], 3.0), **options)
    assert (y == 3).all()


@given(call=some_calls)
def test_without_padding_it_is_a_depthwise_convolution_with_equal_weights(call):
    case = draw(OP, call, multiples)
    x, k = case.arrays["x"], call.arguments["kernel_size"]
    k = k if isinstance(k, tuple) else (k, k)
    if x.shape[2] < k[0] or x.shape[3] < k[1]:
        return
    t = call.arguments.get("stride", k)
    channels = x.shape[1]
    w = np.ones((channels, 1, *k))
    sums = conv2d.forward(x, w, stride=t, groups=channels)
    assert np.array_equal(avg_pool2d.forward(x, kernel_size=k, stride=t, divisor_override=1), sums)


def test_ceil_mode_cells_behind_the_padding_are_not_counted():
    """3×3, windows of 2 at stride 2 with padding 1: four windows, each of two by two counted cells."""
    y = avg_pool2d.forward(np.ones((1, 1, 3, 3)), kernel_size=2, stride=2, padding=1, ceil_mode=True)
    assert y.tolist() == [[[[0.25, 0.5], [0.5, 1.0]]]]
    assert avg_pool2d.forward(np.ones((1, 1, 3, 3)), kernel_size=2, ceil_mode=True).tolist() == [[[[1, 1], [1, 1]]]]


def test_a_divisor_of_zero_is_refused():
    with pytest.raises(ValueError, match="avg_pool2d") as error:
        avg_pool2d.forward(np.ones((1, 1, 2, 2)), kernel_size=2, divisor_override=0)
    assert str(error.value) == ("avg_pool2d(x=(1, 1, 2, 2), divisor_override=0): the divisor must be an int, not zero")


def _inner(a, b):
    return sum(int(p) * int(q) for p, q in zip(a.flat, b.flat, strict=True))
