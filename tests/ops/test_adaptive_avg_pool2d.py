"""Laws of adaptive average pooling."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import adaptive_avg_pool2d, avg_pool2d


@given(p=st.integers(1, 4), q=st.integers(1, 4), rows=st.integers(1, 3), columns=st.integers(1, 3))
def test_is_average_pooling_where_the_windows_divide_the_image(p, q, rows, columns):
    x = np.arange(float(p * rows * q * columns)).reshape(1, 1, p * rows, q * columns) * 36
    y = adaptive_avg_pool2d.forward(x, output_size=(p, q))
    assert np.array_equal(y, avg_pool2d.forward(x, kernel_size=(rows, columns)))


def test_global_pooling_is_the_mean():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    assert adaptive_avg_pool2d.forward(x, output_size=1).tolist() == [[[[7.5]]]]


def test_none_keeps_an_axis():
    assert adaptive_avg_pool2d.forward(np.ones((1, 2, 3, 5)), output_size=(None, 2)).shape == (1, 2, 3, 2)
