"""Laws of layer norm."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.cases.exact_grids import square_numbers
from cnn_oracle.manual import group_norm, layer_norm

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds)
def test_over_all_but_the_batch_it_is_group_norm_with_one_group(seed):
    rng = np.random.default_rng(seed)
    x = square_numbers(rng, (3, 2, 4), (1, 2), 9)
    dy = rng.integers(-9, 10, x.shape).astype(float)
    layer, group = {"normalized_shape": (2, 4), "eps": 1.0}, {"num_groups": 1, "eps": 1.0}
    assert np.array_equal(layer_norm.forward(x, **layer), group_norm.forward(x, **group))
    assert np.array_equal(layer_norm.backward(dy, x, **layer)[0], group_norm.backward(dy, x, **group)[0])


@given(seed=seeds, exponent=st.integers(0, 40))
def test_a_huge_offset_changes_nothing(seed, exponent):
    """Bitwise on ``square_numbers``, because x − m is computed before it is squared."""
    x = square_numbers(np.random.default_rng(seed), (3, 8), (1,), 9)
    options = {"normalized_shape": (8,), "eps": 1.0}
    assert np.array_equal(layer_norm.forward(x + 2.0**exponent, **options), layer_norm.forward(x, **options))


@pytest.mark.of_manual
@given(seed=seeds)
def test_the_gradient_of_a_row_sums_to_zero(seed):
    rng = np.random.default_rng(seed)
    x, w = square_numbers(rng, (3, 8), (1,), 9), rng.integers(-9, 10, 8).astype(float)
    dy = rng.integers(-9, 10, x.shape).astype(float)
    dx, _, _ = layer_norm.backward(dy, x, w, normalized_shape=(8,), eps=1.0)
    assert not dx.sum(1).any()


@pytest.mark.of_manual
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(seed=seeds)
def test_over_a_single_element_y_is_the_bias_and_only_that_has_a_gradient(dtype, seed):
    """Bitwise, for any x. torch 2.13.0 subtracts m s from x s, s = 316, and both are rounded.

    In float32 its dweight was −0.19 for a thousand rows with values of size 1000.
    """
    rng = np.random.default_rng(seed)
    x, dy = (rng.standard_normal((5, 1)).astype(dtype) for _ in range(2))
    w, b = (rng.standard_normal(1).astype(dtype) for _ in range(2))
    assert (layer_norm.forward(x, w, b, normalized_shape=(1,)) == b).all()
    dx, dw, db = layer_norm.backward(dy, x, w, b, normalized_shape=(1,))
    assert not dx.any()
    assert not dw.any()
    assert np.array_equal(db, dy.sum(0))


def test_a_constant_row_becomes_the_bias():
    x, b = np.full((2, 4), 7.0), np.arange(4.0)
    assert np.array_equal(layer_norm.forward(x, None, b, normalized_shape=(4,)), np.tile(b, (2, 1)))


@pytest.mark.of_manual
def test_without_eps_a_constant_row_is_nan_as_in_pytorch():
    y = layer_norm.forward(np.full((1, 4), 7.0), normalized_shape=(4,), eps=0.0)
    theirs = torch.nn.functional.layer_norm(torch.full((1, 4), 7.0, dtype=torch.float64), (4,), eps=0.0)
    assert np.isnan(y).all()
    assert theirs.isnan().all()


@pytest.mark.of_manual
@pytest.mark.parametrize("normalized_shape", [4, (), (3,), (2, 4), (3, 4, 4)])
def test_sizes_of_other_axes_are_rejected(normalized_shape):
    with pytest.raises(
        ValueError, match=r"layer_norm\(x=\(3, 4\), .*\): normalized_shape must be the sizes of x's last"
    ):
        layer_norm.forward(np.ones((3, 4)), normalized_shape=normalized_shape)
