"""∞ and NaN are valid inputs: like PyTorch, no op warns about them. (In tests, a warning is an error.)"""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.special_values import INF, SPECIAL_VALUES
from cnn_oracle.manual import dropout, dropout2d, l1_loss, mse_loss, softsign
from cnn_oracle.ops import OPS


@pytest.mark.parametrize("name", OPS)
@settings(max_examples=20)
@given(data=st.data(), dtype=st.sampled_from(["float64", "float32"]))
def test_no_op_warns_about_special_values(name, data, dtype):
    op = OPS[name]
    case = draw(op, data.draw(calls(op)), dtype=dtype)
    arrays = [None if a is None else with_special_values(case.rng, a) for a in case.arrays.values()]
    dy = with_special_values(case.rng, case.dy)
    with suppress(ValueError):  # binary_cross_entropy's x and target must lie in 0 … 1
        if op.kind == "step":
            state = None
            for dw in dy:
                _, state = op.manual.step(*arrays, dw, state, **case.keywords)
        else:
            op.manual.forward(*arrays, **case.keywords)
            op.manual.backward(dy, *arrays, **case.keywords)


def with_special_values(rng, a):
    """Replaces about a third of ``a`` by special values, converted to its dtype."""
    with np.errstate(over="ignore", under="ignore"):
        special = rng.choice(SPECIAL_VALUES, a.shape).astype(a.dtype)
    return np.where(rng.random(a.shape) < 1 / 3, special, a)


@pytest.mark.parametrize(("op", "mask"), [(dropout, [[False, True]]), (dropout2d, [[False, True]])])
def test_a_dropped_infinity_is_nan_without_a_warning(op, mask):
    x, mask = np.array([[INF, 1.0]]), np.array(mask)
    assert np.array_equal(op.forward(x, mask=mask), [[np.nan, 2]], equal_nan=True)
    assert np.array_equal(op.backward(x, x, mask=mask)[0], [[np.nan, 2]], equal_nan=True)


@pytest.mark.parametrize("op", [l1_loss, mse_loss])
def test_a_sum_of_losses_meets_infinity_without_a_warning(op):
    x, weight = np.array([INF, 1.0]), np.array([1.0, -INF])
    assert np.isnan(op.forward(x, np.zeros(2), reduction="sum", weight=weight))


def test_softsigns_gradient_is_infinity_times_zero_without_a_warning():
    """A case that the first test found: at x = 1e300 the slope underflows to 0, and dy is infinite."""
    assert np.isnan(softsign.backward(np.array([INF]), np.array([1e300]))[0])
