"""Laws specific to the cross-correlation of rank 1. test_conv2d.py checks the others; the derivation is the same."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.manual import conv1d, conv2d
from cnn_oracle.ops import OPS

OP = OPS["conv1d"]


@given(call=calls(OP))
def test_is_conv2d_of_images_one_row_high(call):
    case = draw(OP, call, integers)
    x, w, b = case.arrays.values()
    options = {
        n: v if isinstance(v, str) or n == "groups" else (0 if n == "padding" else 1, v)
        for n, v in case.keywords.items()
    }
    images = conv2d.forward(x[:, :, None], w[:, :, None], b, **options)
    assert np.array_equal(images[:, :, 0], conv1d.forward(x, w, b, **case.keywords))


def test_is_numpys_correlation():
    x, w = np.array([1.0, 2, 3, 4]), np.array([1.0, 0, -1])
    assert np.array_equal(conv1d.forward(x[None, None], w[None, None])[0, 0], np.correlate(x, w))
