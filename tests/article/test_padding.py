"""Valid and same convolution (E2)."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual import conv2d
from cnn_oracle.manual.article import padding as manual
from cnn_oracle.reference.article import padding as reference
from cnn_oracle.reference.article import stride as reference_stride

MANY = 20
axes = st.tuples(st.integers(1, 9), st.integers(1, 6), st.integers(0, 5), st.integers(1, 5))
even_kernels_cost_a_copy = pytest.mark.filterwarnings("ignore:Using padding='same'")


@pytest.mark.formula("E2")
def test_valid_convolution_has_size_n_minus_f_plus_1():
    for n, f in product(range(1, 10), repeat=2):
        if f <= n:
            assert manual.valid_size_as_printed(n, f) == reference_stride.output_size(n, f, 0, 1)
    assert manual.valid_size_as_printed(6, 3) ** 2 == 16


@pytest.mark.formula("E2")
def test_valid_convolutions_can_be_stacked_n_minus_1_over_f_minus_1_times():
    for n, f in product(range(1, 13), range(1, 6)):
        count = reference.stacked_convolutions(n, f, MANY)
        assert manual.stacked_convolutions(n, f) == (None if count == MANY else count)


@pytest.mark.formula("E2")
def test_finitely_many_convolutions_fit_exactly_when_f_is_above_1():
    holds_exactly_on_its_domain(CLAIMS["E2"])


@pytest.mark.formula("E2a")
@given(rows=axes, columns=axes)
def test_the_influence_map_is_the_gradient_of_the_sum_of_a_convolution_by_ones(rows, columns):
    assume(all(f <= n + 2 * p for n, f, p, _ in (rows, columns)))
    geometry = tuple(zip(rows, columns, strict=True))
    assert np.array_equal(manual.influence_map(*geometry), reference.influence_map(*geometry))


@pytest.mark.formula("E2a")
def test_the_influence_map_is_right_on_every_small_geometry():
    """Rows and columns are independent, so a width of one pixel is enough to check the rows."""
    for n, f, p, s in product(range(1, 7), range(1, 6), range(4), range(1, 5)):
        if f <= n + 2 * p:
            seen = reference.influence_map((n, 1), (f, 1), (p, 0), (s, 1))
            assert np.array_equal(manual.influence(n, f, p, s), seen[:, 0])


@pytest.mark.formula("E2a")
def test_the_corner_of_figure_5_counts_once_and_its_middle_nine_times():
    figure_5 = manual.influence_map((5, 5), (3, 3), (0, 0), (1, 1))
    assert (figure_5[0, 0], figure_5[2, 2], figure_5.max()) == (1, 9, 9)


@pytest.mark.formula("E2a")
def test_a_pixel_has_no_influence_exactly_when_every_window_steps_over_it():
    without = []
    for n, f, s in product(range(1, 8), range(1, 4), range(1, 5)):
        if f <= n:
            read = {o + r for o in range(0, n - f + 1, s) for r in range(f)}
            assert [i for i in range(n) if not manual.influence(n, f, 0, s)[i]] == sorted(set(range(n)) - read)
            without += [s > f] * (len(read) < n)
    assert set(without) == {True, False}  # strides above f, and unread rows at the end


@pytest.mark.formula("E2b")
def test_half_padding_solves_the_edge_problem_exactly_for_images_within_reach_of_the_filter():
    holds_exactly_on_its_domain(CLAIMS["E2b"])


@pytest.mark.formula("E2b")
def test_influence_is_even_exactly_when_padding_is_enough():
    seen = set()
    for n, f, p in product(range(1, 9), range(1, 7), range(7)):
        if f <= n + 2 * p:
            even = len(set(manual.influence(n, f, p).tolist())) == 1
            assert even == manual.padding_is_enough(n, f, p), (n, f, p)
            seen.add(even)
    assert seen == {True, False}


@pytest.mark.formula("E2b")
def test_with_half_padding_the_corner_still_counts_4_of_9():
    same = manual.influence_map((5, 5), (3, 3), (1, 1), (1, 1))
    assert (same[0, 0], same.max()) == (4, 9)


@pytest.mark.formula("E2c")
@even_kernels_cost_a_copy
def test_same_convolution_puts_the_odd_zero_at_the_end():
    rng = np.random.default_rng(0)
    for n, f, d in product(range(1, 6), range(1, 6), range(1, 3)):
        x, w = rng.integers(-9, 10, (1, 1, n, n)).astype(float), rng.integers(-9, 10, (1, 1, f, f)).astype(float)
        y = conv2d.forward(x, w, padding="same", dilation=d)
        assert np.array_equal(y, reference.same_convolution(torch.from_numpy(x), torch.from_numpy(w), dilation=d))
        around = np.pad(x, ((0, 0), (0, 0), manual.same_padding(f, d), manual.same_padding(f, d)))
        assert np.array_equal(y, conv2d.forward(around, w, dilation=d))
    y = conv2d.forward(np.array([[[[1.0, 2, 3, 4]]]]), np.array([[[[1.0, 10]]]]), padding="same")
    assert y.ravel().tolist() == [21, 32, 43, 4]


@pytest.mark.formula("E2c")
def test_half_padding_is_same_exactly_for_odd_undilated_filters_of_stride_1():
    holds_exactly_on_its_domain(CLAIMS["E2c"])


@pytest.mark.formula("E2c")
def test_with_a_stride_half_padding_has_size_n_over_s_rounded_up_and_pytorch_rejects_same():
    for n, f, s in product(range(1, 10), (1, 3, 5), range(2, 5)):
        x, w = np.zeros((1, 1, n, n)), np.zeros((1, 1, f, f))
        assert manual.same_convolution_as_printed(x, w, stride=s).shape[2] == -(-n // s)
        assert reference_stride.output_size(n, f, (f - 1) // 2, s) == -(-n // s)
        with pytest.raises(RuntimeError, match="padding='same' is not supported for strided convolutions"):
            reference.same_convolution(torch.from_numpy(x), torch.from_numpy(w), stride=s)
