"""Laws specific to the cross-correlation of rank 3. test_conv2d.py checks the others; the derivation is the same."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.manual import conv2d, conv3d
from cnn_oracle.ops import OPS

OP = OPS["conv3d"]


@given(call=calls(OP))
def test_a_kernel_of_one_slice_is_conv2d_slice_by_slice(call):
    case = draw(OP, call, integers)
    x, w, b = case.arrays.values()
    w = w[:, :, :1]
    options = {
        n: v if isinstance(v, str) or n == "groups" else v[1:] if isinstance(v, tuple) else v
        for n, v in case.keywords.items()
    }
    first = {
        n: v
        if isinstance(v, str) or n == "groups"
        else (0 if n == "padding" else 1, *(v[1:] if isinstance(v, tuple) else (v, v)))
        for n, v in case.keywords.items()
    }
    volume = conv3d.forward(x, w, b, **first)
    for depth in range(x.shape[2]):
        assert np.array_equal(volume[:, :, depth], conv2d.forward(x[:, :, depth], w[:, :, 0], b, **options))
