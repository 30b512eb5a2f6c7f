"""Laws of unfold."""

import numpy as np
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.manual import conv2d, unfold
from cnn_oracle.ops import OPS

OP = OPS["unfold"]


@given(call=calls(OP))
def test_a_convolution_is_a_matrix_times_the_columns(call):
    case = draw(OP, call, integers)
    x, options = case.arrays["x"], dict(case.keywords)
    k = options.pop("kernel_size")
    w = np.arange(2.0 * x.shape[1] * np.prod(k if isinstance(k, tuple) else (k, k)))
    w = w.reshape(2, x.shape[1], *(k if isinstance(k, tuple) else (k, k)))
    y = conv2d.forward(x % 99, w, **options)
    columns = unfold.forward(x % 99, kernel_size=k, **options)
    assert np.array_equal((w.reshape(2, -1) @ columns).reshape(y.shape), y)
