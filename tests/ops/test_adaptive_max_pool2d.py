"""Laws of adaptive max pooling."""

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import adaptive_max_pool2d, max_pool2d


@given(
    p=st.integers(1, 4), q=st.integers(1, 4), rows=st.integers(1, 3), columns=st.integers(1, 3), seed=st.integers(0, 99)
)
def test_is_max_pooling_where_the_windows_divide_the_image(p, q, rows, columns, seed):
    x = np.random.default_rng(seed).integers(-2, 3, (2, 1, p * rows, q * columns)).astype(float)
    y = max_pool2d.forward(x, kernel_size=(rows, columns))
    assert np.array_equal(adaptive_max_pool2d.forward(x, output_size=(p, q)), y)
    ours = adaptive_max_pool2d.backward(y, x, output_size=(p, q))
    assert np.array_equal(ours[0], max_pool2d.backward(y, x, kernel_size=(rows, columns))[0])


def test_the_last_nan_gets_the_gradient_as_in_pytorch():
    x, dy = np.array([[[[np.nan, 1.0, np.nan, 2]]]]), np.array([[[[3.0]]]])
    t = torch.from_numpy(x).requires_grad_()
    (dx,) = torch.autograd.grad(F.adaptive_max_pool2d(t, 1), t, torch.from_numpy(dy))
    assert np.array_equal(adaptive_max_pool2d.backward(dy, x, output_size=1)[0], dx)
