"""Convolution, and the cross-correlation that the figures show (E1)."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual.article import convolution as manual
from cnn_oracle.reference.article import convolution as reference

sizes = st.tuples(st.integers(1, 6), st.integers(1, 6))
seeds = st.integers(0, 2**32 - 1)
SMALL_KERNELS = [np.array(w, float).reshape(2, 2) for w in product((-1, 0, 1), repeat=4)]


def integers(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.integers(-9, 10, shape).astype(float) for shape in shapes]


@pytest.mark.formula("E1")
def test_the_printed_formula_is_the_figures_exactly_for_one_pixel_filters():
    holds_exactly_on_its_domain(CLAIMS["E1"])


@pytest.mark.formula("E1")
@given(x=sizes, kernel=sizes, seed=seeds)
def test_the_valid_part_of_a_convolution_is_conv2d_with_the_kernel_rotated(x, kernel, seed):
    size = tuple(np.maximum(x, kernel))
    f, h = integers(seed, size, kernel)
    part = manual.valid(manual.convolve_as_printed(f, h), kernel)
    assert np.array_equal(part, manual.cross_correlate(f, manual.rotated(h)))
    assert np.array_equal(part, reference.cross_correlate(*map(torch.from_numpy, (f, manual.rotated(h).copy()))))


@pytest.mark.formula("E1")
@given(x=sizes, kernel=sizes, seed=seeds)
def test_convolution_over_the_full_map_is_pytorchs_transposed_conv2d(x, kernel, seed):
    f, h = integers(seed, x, kernel)
    assert np.array_equal(manual.convolve_as_printed(f, h), reference.convolve(*map(torch.from_numpy, (f, h))))


@pytest.mark.formula("E1")
@given(x=sizes, kernel=sizes, seed=seeds)
def test_convolution_commutes_and_cross_correlation_only_up_to_a_rotation(x, kernel, seed):
    f, h = integers(seed, x, kernel)
    assert np.array_equal(manual.convolve_as_printed(f, h), manual.convolve_as_printed(h, f))
    there = manual.convolve_as_printed(f, manual.rotated(h))  # cross-correlation over the full map
    back = manual.convolve_as_printed(h, manual.rotated(f))
    assert np.array_equal(there, manual.rotated(back))


@pytest.mark.formula("E1")
def test_cross_correlation_does_not_commute():
    """The smallest counterexamples are 1×1 by 1×2, with entries 0 and 1."""
    kernels = [np.array([w], float) for w in product((0, 1), repeat=2)]
    one = np.ones((1, 1))
    differ = [
        h
        for h in kernels
        if not np.array_equal(
            manual.convolve_as_printed(one, manual.rotated(h)), manual.convolve_as_printed(h, manual.rotated(one))
        )
    ]
    assert [h.tolist() for h in differ] == [h.tolist() for h in kernels if manual.parity(h) != 1]
    assert differ


@pytest.mark.formula("E1")
def test_the_valid_part_is_conv2d_exactly_for_kernels_equal_to_their_rotation():
    (x,) = integers(0, (4, 4))
    agree = [
        np.array_equal(manual.valid(manual.convolve_as_printed(x, w), w.shape), manual.cross_correlate(x, w))
        for w in SMALL_KERNELS
    ]
    assert agree == [manual.parity(w) == 1 for w in SMALL_KERNELS]
    assert len(set(agree)) == 2


@pytest.mark.formula("E1", "E1a")
def test_figure_3_is_conv2d_and_not_the_printed_formula():
    image, kernel = manual.figure_3()
    rows = np.array([0, 40, 40, 0])[:, None] * np.ones(4)
    assert np.array_equal(manual.cross_correlate(image, kernel), rows)
    assert np.array_equal(reference.cross_correlate(torch.from_numpy(image), torch.from_numpy(kernel)), rows)
    full = manual.convolve_as_printed(image, kernel)
    assert full.shape == (8, 8)
    assert np.array_equal(manual.valid(full, kernel.shape), -rows)


@pytest.mark.formula("E1b")
@pytest.mark.parametrize(
    ("name", "parity"), [("horizontal edges", -1), ("diagonal edges", -1), ("corners", 1), ("sharpen", 1)]
)
def test_rotation_changes_the_sign_of_edge_filters_and_keeps_the_others(name, parity):
    w, (x,) = manual.kernels()[name], integers(0, (6, 5))
    assert manual.parity(w) == parity
    y = manual.cross_correlate(x, w)
    assert np.array_equal(manual.valid(manual.convolve_as_printed(x, w), w.shape), parity * y)
    assert np.array_equal(reference.cross_correlate(torch.from_numpy(x), torch.from_numpy(w)), y)


@pytest.mark.formula("E1b")
def test_a_filter_of_parity_0_is_neither_even_nor_odd():
    even = {manual.parity(w) for w in SMALL_KERNELS}
    assert even == {-1, 0, 1}
    for w in SMALL_KERNELS:
        sum_, difference = w + manual.rotated(w), w - manual.rotated(w)
        assert manual.parity(w) == (0 if sum_.any() and difference.any() else 1 if sum_.any() or not w.any() else -1)
