"""Laws of local response norm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.manual import local_response_norm

seeds = st.integers(0, 2**32 - 1)


def channels(*values):
    return np.array(values, float).reshape(1, -1, 1)


def test_an_even_window_reaches_one_channel_further_back():
    """For size 2 the window of channel c is c − 1 and c."""
    y = local_response_norm.forward(channels(4, 1, 1), size=2, alpha=2.0, beta=1.0, k=1.0)
    assert np.array_equal(y, channels(4 / 17, 1 / 18, 1 / 3))


def test_channels_outside_count_as_zero_and_are_counted():
    """α is divided by the size of the window, also at the ends."""
    y = local_response_norm.forward(channels(1, 1, 1), size=3, alpha=3.0, beta=1.0, k=1.0)
    assert np.array_equal(y, channels(1 / 3, 1 / 4, 1 / 3))


def test_dx_takes_from_every_window_that_holds_the_channel():
    """β = 1, x = 1: ∂y[i]/∂x[j] = δ[i,j]/d − 2 [j in the window of i]/d², d = 2, 3, 3 for size 2."""
    (dx,) = local_response_norm.backward(channels(4, 9, 18), channels(1, 1, 1), size=2, alpha=2.0, beta=1.0)
    e = [4 / 4, 9 / 9, 18 / 9]
    assert np.array_equal(dx, channels(4 / 2 - 2 * (e[0] + e[1]), 9 / 3 - 2 * (e[1] + e[2]), 18 / 3 - 2 * e[2]))


@given(seed=seeds, size=st.integers(1, 9))
def test_without_beta_it_is_the_identity(seed, size):
    x, dy = np.random.default_rng(seed).standard_normal((2, 2, 4, 3))
    assert np.array_equal(local_response_norm.forward(x, size=size, beta=0.0), x)
    assert np.array_equal(local_response_norm.backward(dy, x, size=size, beta=0.0)[0], dy)


@given(seed=seeds)
def test_a_window_over_all_channels_divides_them_alike(seed):
    """From size 2C − 1 on, y is a multiple of x at each position."""
    x = np.random.default_rng(seed).standard_normal((2, 4, 3))
    y = local_response_norm.forward(x, size=7, alpha=1.0)
    ratio = y / x
    assert (
        np.abs(ratio / ratio[:, :1] - 1).max() <= 24 * np.finfo(float).eps
    )  # sums of 7 in other orders, a power, 3 quotients


@pytest.mark.of_manual
@pytest.mark.parametrize(("shape", "size"), [((2, 3), 2), ((2, 3, 4), 0), ((2, 3, 4), -1), ((2, 3, 4), 2.5)])
def test_invalid_arguments_are_rejected(shape, size):
    with pytest.raises(ValueError, match=r"local_response_norm\(x=.*\): x must be \(N, C, L, …\) and size an int"):
        local_response_norm.forward(np.ones(shape), size=size)
