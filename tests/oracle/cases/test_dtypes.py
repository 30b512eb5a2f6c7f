"""Rounding to a format: once, to nearest, ties to even."""

import numpy as np
import pytest

from cnn_oracle.cases.dtypes import FORMATS


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "float64"])  # which rounds nothing
def test_a_number_is_rounded_to_nearest_and_ties_to_even(name):
    form = FORMATS[name]
    step = 2.0 ** (1 - form.bits)  # between 1 and the next number
    x = np.array([1 + step / 2, 1 + 3 * step / 2, 1 + 0.51 * step, 1 + 0.49 * step, -1 - 0.51 * step])
    assert np.array_equal(form.rounded(x), [1, 1 + 2 * step, 1 + step, 1, -1 - step])


def test_bfloat16_is_rounded_once_where_ml_dtypes_rounds_twice():
    """A finding: ml_dtypes 0.6.0 converts float64 to float32 first. A value just above a tie then becomes a tie."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = np.array([1 + 2**-8 + 2**-40])
    assert FORMATS["bfloat16"].rounded(x) == [1 + 2**-7]
    assert x.astype(ml_dtypes.bfloat16).astype(float) == [1]
