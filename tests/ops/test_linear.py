"""Laws of the dense layer."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.manual import conv2d, linear
from cnn_oracle.ops import OPS

OP = OPS["linear"]


@given(call=calls(OP))
def test_is_a_pointwise_convolution(call):
    a = draw(OP, call, integers).arrays
    x, w, b = a["x"], a["w"], a["b"]
    assume(w.size)  # conv2d rejects 0 filters; 0 channels are a separate finding
    y = linear.forward(x, w, b)
    pixels = x.reshape(-1, x.shape[-1], 1, 1)
    assert np.array_equal(conv2d.forward(pixels, w[:, :, None, None], b).reshape(y.shape), y)


@given(call=calls(OP))
def test_composition_is_the_product_of_the_matrices(call):
    a = draw(OP, call).arrays
    x = np.rint(9 * a["x"])
    w = np.rint(9 * a["w"])
    v = np.ones((3, w.shape[0]))
    assert np.array_equal(linear.forward(linear.forward(x, w), v), linear.forward(x, v @ w))


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_a_bias_of_one_number_is_rejected_where_pytorch_broadcasts_it():
    """A finding: F.linear's documentation requires (out_features); torch 2.13.0 accepts (1,) and even (N, O)."""
    x, w, b = np.ones((2, 3)), np.ones((4, 3)), np.ones(1)
    assert torch.nn.functional.linear(*map(torch.from_numpy, (x, w, b))).shape == (2, 4)
    with pytest.raises(ValueError, match="linear") as error:
        linear.forward(x, w, b)
    assert str(error.value) == "linear(x=(2, 3), w=(4, 3), b=(1,)): b must be (4,)"


@pytest.mark.of_manual
def test_mixed_dtypes_are_rejected():
    with pytest.raises(ValueError, match=r"linear\(.*\): mixed dtypes float64, float32"):
        linear.forward(np.ones((2, 3)), np.ones((4, 3), np.float32))
