"""Laws of average pooling over one, two and three axes. Laws that do not depend on the rank are checked for two."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import multiples
from cnn_oracle.manual import avg_pool2d, avg_pool3d, conv2d
from cnn_oracle.ops import OPS
from cnn_oracle.theorems.differences import dot

every_rank = pytest.mark.parametrize("op", [OPS[f"avg_pool{rank}d"] for rank in (1, 2, 3)], ids=lambda op: op.name)


@every_rank
@given(data=st.data())
def test_backward_is_the_adjoint_of_forward(under_test, op, data):
    """On multiples of every window's size y and dx are integers, so ⟨y, dy⟩ = ⟨x, dx⟩ holds to the last bit."""
    case, pool = draw(op, data.draw(calls(op)), multiples), under_test(op.name)
    x = case.arrays["x"]
    y, (dx,) = pool.forward(x, **case.keywords), pool.backward(case.dy, x, **case.keywords)
    assert dot(y, case.dy) == dot(x, dx)


@every_rank
@given(data=st.data())
def test_a_constant_stays_constant_without_its_padding(under_test, op, data):
    call = data.draw(calls(op))
    options = draw(op, call).keywords | {"count_include_pad": False}
    options.pop("divisor_override", None)
    assert (under_test(op.name).forward(np.full(call.arguments["x"], 3.0), **options) == 3).all()


@given(call=calls(OPS["avg_pool2d"]))
def test_without_padding_it_is_a_depthwise_convolution_with_equal_weights(call):
    case = draw(OPS["avg_pool2d"], call, multiples)
    x, k = case.arrays["x"], call.arguments["kernel_size"]
    k = k if isinstance(k, tuple) else (k, k)
    assume(x.shape[2] >= k[0] and x.shape[3] >= k[1])
    t = call.arguments.get("stride", k)
    channels = x.shape[1]
    w = np.ones((channels, 1, *k))
    sums = conv2d.forward(x, w, stride=t, groups=channels)
    assert np.array_equal(avg_pool2d.forward(x, kernel_size=k, stride=t, divisor_override=1), sums)


def test_ceil_mode_elements_beyond_the_padding_are_not_counted():
    """3×3, windows of 2 at stride 2 with padding 1: four windows, each with two by two counted elements."""
    y = avg_pool2d.forward(np.ones((1, 1, 3, 3)), kernel_size=2, stride=2, padding=1, ceil_mode=True)
    assert y.tolist() == [[[[0.25, 0.5], [0.5, 1.0]]]]
    assert avg_pool2d.forward(np.ones((1, 1, 3, 3)), kernel_size=2, ceil_mode=True).tolist() == [[[[1, 1], [1, 1]]]]


@pytest.mark.of_manual
def test_a_divisor_of_zero_is_rejected():
    with pytest.raises(ValueError, match="avg_pool2d") as error:
        avg_pool2d.forward(np.ones((1, 1, 2, 2)), kernel_size=2, divisor_override=0)
    assert str(error.value) == ("avg_pool2d(x=(1, 1, 2, 2), divisor_override=0): the divisor must be an int, not zero")


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_a_kernel_larger_than_the_unpadded_input_is_rejected_in_three_dimensions_only():
    """A finding: torch 2.13.0 accepts avg_pool2d of 2×2 with kernel 3 and padding 1, and rejects the same of 2×2×2."""
    assert F.avg_pool2d(torch.zeros(1, 1, 2, 2), 3, padding=1).shape == (1, 1, 1, 1)
    with pytest.raises(RuntimeError, match="smaller than kernel size"):
        F.avg_pool3d(torch.zeros(1, 1, 2, 2, 2), 3, padding=1)
    with pytest.raises(ValueError, match="wants an unpadded input as large as the kernel"):
        avg_pool3d.forward(np.zeros((1, 1, 2, 2, 2)), kernel_size=3, padding=1)
