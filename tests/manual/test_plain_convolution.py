"""The fast convolution equals the plain one. On integers nothing rounds, so both are bitwise equal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import _plain_convolution, conv1d, conv2d, conv3d

CONVOLUTIONS = {1: conv1d, 2: conv2d, 3: conv3d}
LARGEST = {1: 9, 2: 6, 3: 4}  # elements along an axis


@st.composite
def convolutions(draw, rank):
    """x, w, b (or None) and the options of a valid convolution, and a random generator."""

    def per_axis(low, high):
        """An int, a tuple of one int, or one int for each axis."""
        some = st.integers(low, high)
        return draw(st.one_of(some, st.tuples(some), st.tuples(*[some] * rank)))

    groups = draw(st.integers(1, 3))
    batch, inputs, outputs = draw(st.integers(0, 3)), groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    kernel = [draw(st.integers(1, 3)) for _ in range(rank)]
    padding = draw(st.one_of(st.sampled_from(["same", "valid"]), st.just(0))) or per_axis(0, 2)
    stride, dilation = 1 if padding == "same" else per_axis(1, 3), per_axis(1, 3)
    extent = np.broadcast_to(dilation, rank) * (np.array(kernel) - 1)
    padded = extent if padding == "same" else 2 * np.broadcast_to(0 if padding == "valid" else padding, rank)
    least = np.maximum(extent + 1 - padded, 1)
    size = [draw(st.integers(n, max(n, LARGEST[rank]))) for n in least]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x, w = _integers(rng, (batch, inputs, *size)), _integers(rng, (outputs, inputs // groups, *kernel))
    b = _integers(rng, outputs) if draw(st.booleans()) else None
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return x, w, b, options, rng


@pytest.mark.parametrize("rank", CONVOLUTIONS)
@given(data=st.data())
def test_the_fast_convolution_equals_the_plain_one(rank, data):
    x, w, b, options, rng = data.draw(convolutions(rank))
    fast = CONVOLUTIONS[rank]
    y = _plain_convolution.forward(x, w, b, **options)
    _assert_equal(fast.forward(x, w, b, **options), y)
    dy = _integers(rng, y.shape)
    dx, dw, db = _plain_convolution.backward(dy, x, w, b, **options)
    for found, expected in zip(fast.backward(dy, x, w, b, **options), (dx, dw, db), strict=True):
        _assert_equal(found, expected)
    _assert_equal(fast.input_gradient(dy, x.shape, w, **options), dx)
    _assert_equal(fast.weight_gradient(dy, x, w.shape, **options), dw)


def test_the_plain_convolution_on_a_worked_example():
    """Σ_r w[r] x[p + r] of 1, 2, 4 with 10, 1 is 12, 24; dy of 1, 100 uses the same products."""
    x, w, b, dy = np.array([[[1.0, 2, 4]]]), np.array([[[10.0, 1]]]), np.array([0.5]), np.array([[[1.0, 100]]])
    assert _plain_convolution.forward(x, w, b).tolist() == [[[12.5, 24.5]]]
    dx, dw, db = _plain_convolution.backward(dy, x, w, b)
    assert dx.tolist() == [[[10, 1001, 100]]]
    assert dw.tolist() == [[[201, 402]]]
    assert db.tolist() == [101]


def _integers(rng, shape):
    return rng.integers(-9, 10, shape).astype(float)


def _assert_equal(a, b):
    assert (a is None) == (b is None)
    assert a is None or (a.dtype == b.dtype and np.array_equal(a, b)), (a, b)
