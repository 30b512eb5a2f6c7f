"""Laws of max pooling over one, two and three axes. Laws that do not depend on the rank are checked for two."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import distinct, ties
from cnn_oracle.manual import max_pool2d
from cnn_oracle.ops import OPS

OP = OPS["max_pool2d"]
NAN = np.nan
PLAIN = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}
some_calls = calls(OP)


@pytest.mark.parametrize("rank", [1, 2, 3])
@given(data=st.data())
def test_sends_dy_to_the_first_maximum(under_test, rank, data):
    """Also for ties. The position is taken from torch's return_indices."""
    op = OPS[f"max_pool{rank}d"]
    case = draw(op, data.draw(calls(op)), ties)
    x = case.arrays["x"]
    y, places = getattr(F, op.name)(torch.from_numpy(x), **case.keywords, return_indices=True)
    dx = np.zeros((*x.shape[:2], int(np.prod(x.shape[2:]))))
    n, c, *_ = np.indices(y.shape)
    np.add.at(dx, (n, c, places.numpy()), case.dy)
    assert np.array_equal(under_test(op.name).backward(case.dy, x, **case.keywords)[0], dx.reshape(x.shape))


@given(call=some_calls)
def test_commutes_with_monotone_functions(call):
    case = draw(OP, call, distinct)
    x = case.arrays["x"]
    assert np.array_equal(max_pool2d.forward(x**3, **case.keywords), max_pool2d.forward(x, **case.keywords) ** 3)


@given(call=some_calls)
def test_gradient_is_conserved(call):
    """dx and dy have the same sum: the maximum of each window receives all of its dy."""
    case = draw(OP, call, distinct)
    (dx,) = max_pool2d.backward(case.dy, case.arrays["x"], **case.keywords)
    assert sum(map(int, dx.flat)) == sum(map(int, case.dy.flat))


@given(call=some_calls)
def test_argmax_is_an_index_into_the_window(call):
    case = draw(OP, call, distinct)
    x = case.arrays["x"]
    m = max_pool2d.argmax(x, **PLAIN | case.keywords)
    assert (m >= 0).all()
    kernel = call.arguments["kernel_size"]
    rows, columns = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    assert (m < rows * columns).all()


@pytest.mark.parametrize(
    "x", [[NAN, 1, 2, 3], [1, NAN, 2, 3], [NAN, 1, NAN, 3], [NAN] * 4, [1, 2, -np.inf, NAN], [-np.inf] * 4]
)
def test_nan_is_the_maximum_and_the_last_one_gets_the_gradient(x):
    """PyTorch takes the last NaN of a window, argmax the first. If all are −∞, PyTorch takes the first element."""
    x = np.array(x).reshape(1, 1, 2, 2)
    dy = np.array([[[[5.0]]]])
    t = torch.from_numpy(x).requires_grad_()
    y = F.max_pool2d(t, 2)
    (dx,) = torch.autograd.grad(y, t, torch.from_numpy(dy))
    assert np.array_equal(max_pool2d.forward(x, kernel_size=2), y.detach(), equal_nan=True)
    assert np.array_equal(max_pool2d.backward(dy, x, kernel_size=2)[0], dx)


def test_padding_is_never_the_maximum():
    """Not even if every element is −∞, as the padding is."""
    x, dy = np.full((1, 1, 2, 2), -np.inf), np.ones((1, 1, 2, 2))
    t = torch.from_numpy(x).requires_grad_()
    (dx,) = torch.autograd.grad(F.max_pool2d(t, 2, 2, 1), t, torch.from_numpy(dy))
    assert np.array_equal(max_pool2d.backward(dy, x, kernel_size=2, stride=2, padding=1)[0], dx)
    assert (max_pool2d.argmax(x, **PLAIN | {"kernel_size": 2, "padding": 1}) == [[[[3, 2], [1, 0]]]]).all()


@pytest.mark.of_manual
def test_a_window_wholly_in_the_padding_is_minus_infinity_and_sends_dy_nowhere():
    """PyTorch is not called here: on this call PyTorch 2.13.0 writes outside its arrays."""
    x = np.arange(7.0).reshape(1, 1, 1, 7)
    options = {"kernel_size": (2, 1), "stride": (2, 1), "padding": (1, 0), "dilation": (2, 2)}
    y = max_pool2d.forward(x, **options)
    assert y.shape == (1, 1, 1, 7)
    assert (y == -np.inf).all()
    assert (max_pool2d.backward(np.ones_like(y), x, **options)[0] == 0).all()
    assert (max_pool2d.argmax(x, **PLAIN | options) == -1).all()
