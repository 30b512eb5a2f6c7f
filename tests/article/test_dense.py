"""The dense layer of the series (S1)."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual import linear
from cnn_oracle.manual.article import dense as manual
from cnn_oracle.reference.article import dense as reference

sizes = st.integers(1, 5)


def layer(m, i, o, seed):
    """Integers. dz has multiples of m, so that its mean is exact."""
    rng = np.random.default_rng(seed)
    dz, a, w, b = (rng.integers(-9, 10, shape).astype(float) for shape in ((o, m), (i, m), (o, i), (o, 1)))
    return m * dz, a, w, b


@pytest.mark.formula("S1")
@given(m=sizes, i=sizes, o=sizes, seed=st.integers(0, 99))
def test_columns_for_rows_it_is_linear(m, i, o, seed):
    _, a, w, b = layer(m, i, o, seed)
    z = manual.forward_as_printed(a, w, b)
    assert np.array_equal(z, linear.forward(a.T, w, b[:, 0]).T)
    assert np.array_equal(z, reference.forward(*map(torch.from_numpy, (a, w, b))))


@pytest.mark.formula("S1")
def test_the_printed_gradients_are_those_of_one_scalar_exactly_for_one_example():
    holds_exactly_on_its_domain(CLAIMS["S1"])


@pytest.mark.formula("S1")
@given(m=sizes, i=sizes, o=sizes, seed=st.integers(0, 99))
def test_the_printed_weights_gradient_is_the_means_and_the_inputs_gradient_the_sums(m, i, o, seed):
    dz, a, w, _ = layer(m, i, o, seed)
    da, dw, db = manual.backward_as_printed(dz, a, w)
    of_sum, of_mean = (reference.backward(*map(torch.from_numpy, (d, a, w))) for d in (dz, dz / m))
    assert np.array_equal(da, of_sum[0])
    assert np.array_equal(dw, of_mean[1])
    assert np.array_equal(db, of_mean[2])
