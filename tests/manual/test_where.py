"""The bitwise ``where`` and ``only`` equal np.where, including the sign of zeros."""

import numpy as np
import pytest

from cnn_oracle.manual._where import only, where

VALUES = [0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 5e-324, -1e300]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_where_and_only_are_numpys_where(dtype):
    with np.errstate(over="ignore"):
        values = np.array(VALUES).astype(dtype)
    a, b = (m.copy() for m in np.meshgrid(values, values))
    for condition in (a > b, a <= b, np.isnan(a), np.ones(a.shape, bool)):
        _equal(where(condition, a, b), np.where(condition, a, b))
        _equal(where(condition.T, a.T, b), np.where(condition.T, a.T, b))
        _equal(where(condition, b.dtype.type(2), b), np.where(condition, b.dtype.type(2), b))
        _equal(where(condition, a, a.dtype.type(-1)), np.where(condition, a, a.dtype.type(-1)))
        _equal(only(condition, a), np.where(condition, a, a.dtype.type(0)))


def test_a_condition_may_have_more_axes():
    a, condition = np.arange(3.0), np.array([[True, False, True], [False, True, True]])
    assert only(condition, a).tolist() == [[0, 0, 2], [0, 1, 2]]
    assert where(condition, a, -a - 1).tolist() == [[0, -2, 2], [-1, 1, 2]]


def _equal(a, b):
    """Compares bits, because NaN is not equal to itself and −0 is equal to 0."""
    assert a.dtype == b.dtype
    assert np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()
