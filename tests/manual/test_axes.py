"""The linear map of manual/_axes.py and its adjoint, on integers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual._axes import put, take


@given(i=st.lists(st.integers(-1, 4), max_size=9), axis=st.integers(0, 2), seed=st.integers(0, 99))
def test_put_is_the_adjoint_of_take(i, axis, seed):
    rng = np.random.default_rng(seed)
    shape, i = [2, 3, 2], np.array(i, int)
    shape[axis] = 5
    x = rng.integers(-9, 10, shape).astype(float)
    shape[axis] = len(i)
    v = rng.integers(-9, 10, shape).astype(float)
    assert np.vdot(take(x, i, axis), v) == np.vdot(x, put(v, i, axis, 5))
