"""The convolutional layer (E5)."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual import linear
from cnn_oracle.manual.article import layer as manual
from cnn_oracle.reference.article import layer as reference


def layer(seed, n, f, n_c=2, n_f=3):
    rng = np.random.default_rng(seed)
    return [rng.integers(-9, 10, shape).astype(float) for shape in ((2, n_c, n, n), (n_f, n_c, f, f), (n_f,))]


@pytest.mark.formula("E5")
@given(f=st.integers(1, 3), rest=st.integers(0, 3), p=st.integers(0, 3), s=st.integers(1, 3), seed=st.integers(0, 99))
def test_a_layer_is_a_convolution_a_number_per_filter_and_an_activation(f, rest, p, s, seed):
    a, w, b = layer(seed, f + rest, f)
    outputs = manual.forward(a, w, b, stride=s, padding=p)
    theirs = reference.forward(*map(torch.from_numpy, (a, w, b)), stride=s, padding=p)
    for ours, their in zip(outputs, theirs, strict=True):
        assert np.array_equal(ours, their)
    without, _ = manual.forward(a, w, np.zeros_like(b), stride=s, padding=p)
    assert np.array_equal(outputs[0] - without, np.broadcast_to(b[:, None, None], without.shape))


@pytest.mark.formula("E5")
def test_the_dot_is_a_matrix_product_exactly_when_the_filter_covers_the_image():
    holds_exactly_on_its_domain(CLAIMS["E5"])


@pytest.mark.formula("E5")
def test_a_filter_as_large_as_the_image_is_a_dense_layer():
    a, w, b = layer(0, 3, 3)
    assert np.array_equal(manual.forward(a, w, b)[0][:, :, 0, 0], linear.forward(a.reshape(2, -1), w.reshape(3, -1), b))


@pytest.mark.formula("E5")
def test_a_one_pixel_filter_is_a_matrix_product_over_channels():
    a, w, b = layer(0, 4, 1)
    z = w[:, :, 0, 0] @ a.reshape(2, 2, 16) + b[:, None]
    assert np.array_equal(manual.forward(a, w, b)[0], z.reshape(2, 3, 4, 4))
