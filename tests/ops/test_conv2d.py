"""Laws of the cross-correlation. On integers all hold to the last bit."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.manual import conv2d
from cnn_oracle.ops import OPS
from cnn_oracle.theorems.differences import dot

OP = OPS["conv2d"]
some_calls = calls(OP)


def drawn(call):
    """A call's arrays on the integer grid, its options, the expected y, and a generator."""
    case = draw(OP, call, integers)
    return case.arrays, case.keywords, case.expected["y"], case.rng


@given(call=some_calls)
def test_is_linear_in_the_input_and_in_the_kernel(call):
    a, geometry, _, rng = drawn(call)
    x, w = (rng.integers(-9, 10, a[n].shape).astype(float) for n in "xw")
    y = conv2d.forward
    assert np.array_equal(y(a["x"] + x, a["w"], **geometry), y(a["x"], a["w"], **geometry) + y(x, a["w"], **geometry))
    assert np.array_equal(y(a["x"], a["w"] + w, **geometry), y(a["x"], a["w"], **geometry) + y(a["x"], w, **geometry))


@given(call=some_calls)
def test_input_gradient_is_the_adjoint_of_forward(call):
    a, geometry, _, rng = drawn(call)
    y = conv2d.forward(a["x"], a["w"], **geometry)
    v = rng.integers(-9, 10, y.shape).astype(float)
    dx, _, _ = conv2d.backward(v, a["x"], a["w"], **geometry)
    assert dot(y, v) == dot(a["x"], dx)


@given(call=some_calls)
def test_weight_gradient_is_the_adjoint_of_forward(call):
    a, geometry, _, rng = drawn(call)
    y = conv2d.forward(a["x"], a["w"], **geometry)
    v = rng.integers(-9, 10, y.shape).astype(float)
    _, dw, _ = conv2d.backward(v, a["x"], a["w"], **geometry)
    assert dot(y, v) == dot(a["w"], dw)


@given(call=some_calls)
def test_the_gradients_are_those_of_torch_nn_grad(call):
    a, geometry, y, rng = drawn(call)
    dy = rng.integers(-9, 10, y.shape).astype(float)
    x, w, v = (torch.from_numpy(t) for t in (a["x"], a["w"], dy))
    options = geometry | {"padding": 0} if geometry.get("padding") == "valid" else geometry
    assume(options.get("padding") != "same")  # torch.nn.grad takes no strings
    dx = torch.nn.grad.conv2d_input(x.shape, w, v, **options)
    dw = torch.nn.grad.conv2d_weight(x, w.shape, v, **options)
    assert np.array_equal(conv2d.input_gradient(dy, a["x"].shape, a["w"], **geometry), dx)
    assert np.array_equal(conv2d.weight_gradient(dy, a["x"], a["w"].shape, **geometry), dw)


@given(call=some_calls, shift=st.tuples(st.integers(0, 3), st.integers(0, 3)))
def test_commutes_with_translation(call, shift):
    """Shifting x by whole strides shifts y. A margin around the image keeps all of it inside."""
    a, geometry, _, _ = drawn(call)
    geometry = {n: v for n, v in geometry.items() if n in ("stride", "dilation", "groups")}
    t = geometry.get("stride", 1)
    down, right = (s * k for s, k in zip(shift, t if isinstance(t, tuple) else (t, t), strict=True))
    w, margin = a["w"], 20
    x = np.pad(a["x"], [(0, 0), (0, 0), (margin, margin), (margin, margin)])
    moved = np.roll(x, (down, right), (2, 3))
    y, z = conv2d.forward(x, w, **geometry), conv2d.forward(moved, w, **geometry)
    assert np.array_equal(z[:, :, shift[0] :, shift[1] :], y[:, :, : y.shape[2] - shift[0], : y.shape[3] - shift[1]])


@given(call=some_calls)
def test_a_delta_kernel_is_the_identity(call):
    x = drawn(call)[0]["x"]
    channels = x.shape[1]
    delta = np.zeros((channels, channels, 3, 3))
    delta[np.arange(channels), np.arange(channels), 1, 1] = 1
    assert np.array_equal(conv2d.forward(x, delta, padding=1), x)


@given(call=some_calls)
def test_groups_are_block_diagonal(call):
    a, geometry, y, _ = drawn(call)
    groups = geometry.pop("groups", 1)
    w = a["w"]
    o, c = w.shape[0] // groups, w.shape[1]
    full = np.zeros((w.shape[0], a["x"].shape[1], *w.shape[2:]))
    for g in range(groups):
        full[g * o : (g + 1) * o, g * c : (g + 1) * c] = w[g * o : (g + 1) * o]
    assert np.array_equal(conv2d.forward(a["x"], full, a["b"], **geometry), y)


@given(call=some_calls)
def test_stride_is_subsampling_of_stride_one(call):
    a, geometry, y, _ = drawn(call)
    t = geometry.pop("stride", 1)
    rows, columns = t if isinstance(t, tuple) else (t, t)
    assert np.array_equal(conv2d.forward(*a.values(), **geometry)[:, :, ::rows, ::columns], y)


@given(call=some_calls)
def test_dilation_inserts_zeros_into_the_kernel(call):
    a, geometry, y, _ = drawn(call)
    d = geometry.pop("dilation", 1)
    d = d if isinstance(d, tuple) else (d, d)
    zero_inserted = np.zeros((*a["w"].shape[:2], *(e * (k - 1) + 1 for e, k in zip(d, a["w"].shape[2:], strict=True))))
    zero_inserted[:, :, :: d[0], :: d[1]] = a["w"]
    assert np.array_equal(conv2d.forward(a["x"], zero_inserted, a["b"], **geometry), y)


@given(call=some_calls)
def test_a_pointwise_kernel_is_a_dense_layer_over_channels(call):
    x = drawn(call)[0]["x"]
    w = np.arange(2.0 * x.shape[1]).reshape(2, x.shape[1])
    y = conv2d.forward(x, w[:, :, None, None])
    assert np.array_equal(y, np.moveaxis(np.moveaxis(x, 1, -1) @ w.T, -1, 1))


def test_same_padding_puts_the_odd_zero_at_the_end():
    x, w = np.array([[[[1.0, 2, 3, 4]]]]), np.array([[[[1.0, 10]]]])
    assert conv2d.forward(x, w, padding="same").tolist() == [[[[21, 32, 43, 4]]]]


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_no_input_channels_leave_the_bias_where_pytorch_loses_the_output_channels():
    """A finding: with C = 0 the sum over channels is empty and y = b, of O channels; torch 2.13.0 has 0 channels."""
    x, w, b = np.zeros((2, 0, 3, 3)), np.zeros((4, 0, 2, 2)), np.arange(4.0)
    y = conv2d.forward(x, w, b)
    assert np.array_equal(y, np.broadcast_to(b[:, None, None], (2, 4, 2, 2)))
    assert torch.nn.functional.conv2d(*map(torch.from_numpy, (x, w, b))).shape == (2, 0, 2, 2)
    dx, dw, db = conv2d.backward(np.ones_like(y), x, w, b)
    assert dx.shape == x.shape
    assert dw.shape == w.shape
    assert db.tolist() == [8, 8, 8, 8]


FIT = {"x": (2, 3, 5, 5), "w": (4, 3, 2, 2)}


@pytest.mark.of_manual
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"x": (2, 1, 5, 5)},
            "conv2d(x=(2, 1, 5, 5), w=(4, 3, 2, 2), groups=1): x has 1 channels; w takes 3 in each group and gives 4",
        ),
        (
            {"b": (1,)},
            "conv2d(x=(2, 3, 5, 5), w=(4, 3, 2, 2), b=(1,)): b must be (4,), one number per output channel",
        ),
        (
            {"x": (2, 3, 2, 5), "dilation": 2},
            "conv2d(x=(2, 3, 2, 5), w=(4, 3, 2, 2), padding=0, dilation=2): "
            "the dilated kernel does not fit into the padded input (2, 5)",
        ),
        (
            {"x": (3, 5, 5)},
            "conv2d(x=(3, 5, 5), w=(4, 3, 2, 2)): x must be (N, C, H, W) and w (O, C/groups, 2 kernel sizes)",
        ),
        ({"stride": 0}, "conv2d(stride=0): stride must be an int or 2 ints, each at least 1"),
        ({"padding": "full"}, "conv2d(padding='full'): padding must be 'same', 'valid', an int or 2 ints"),
    ],
)
def test_an_error_restates_the_call(changed, message):
    call = FIT | changed
    with pytest.raises(ValueError, match="conv2d") as error:
        conv2d.forward(**{n: np.ones(v) if n in ("x", "w", "b") else v for n, v in call.items()})
    assert str(error.value) == message
