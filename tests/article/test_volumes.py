"""The third dimension (E4)."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual.article import volumes as manual
from cnn_oracle.manual.article.convolution import cross_correlate
from cnn_oracle.manual.article.stride import output_size_as_printed
from cnn_oracle.reference.article import volumes as reference


def integers(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.integers(-9, 10, shape).astype(float) for shape in shapes]


@pytest.mark.formula("E4")
@given(
    rest=st.integers(0, 4), f=st.integers(1, 4), n_c=st.integers(1, 4), n_f=st.integers(1, 4), p=st.integers(0, 3),
    s=st.integers(1, 3), seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_volume_by_n_f_filters_has_depth_n_f(rest, f, n_c, n_f, p, s, seed):
    n = f + rest
    x, w = integers(seed, (n, n, n_c), (f, f, n_c, n_f))
    y = manual.convolve_volume(x, w, padding=p, stride=s)
    size = output_size_as_printed(n, f, p, s)
    assert y.shape == (size, size, n_f)
    assert np.array_equal(y, reference.convolve_volume(*map(torch.from_numpy, (x, w)), padding=p, stride=s))


@pytest.mark.formula("E4")
def test_channels_are_summed():
    """As in Fig. 7: 6×6×3 by 3×3×3, one number for each position and filter."""
    x, w = integers(0, (6, 6, 3), (3, 3, 3, 2))
    y = manual.convolve_volume(x, w)
    assert y.shape == (4, 4, 2)
    for k in range(2):
        assert np.array_equal(y[..., k], sum(cross_correlate(x[..., c], w[..., c, k]) for c in range(3)))


@pytest.mark.formula("E4")
def test_one_filter_has_the_printed_depth_exactly_when_n_f_is_1():
    holds_exactly_on_its_domain(CLAIMS["E4"])


@pytest.mark.formula("E4")
def test_a_filter_of_another_depth_is_rejected_and_never_broadcast():
    (x,) = integers(0, (3, 3, 3))
    with pytest.raises(ValueError, match=r"the filter must have the depth of the image$"):
        manual.convolve_volume_as_printed(x, np.ones((2, 2, 1)))
    with pytest.raises(ValueError, match="x has 3 channels; w takes 1 in each group and gives 4"):
        manual.convolve_volume(x, np.ones((2, 2, 1, 4)))
