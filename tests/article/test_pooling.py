"""Pooling layers (E12 to E14)."""

from functools import partial
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.manual import max_pool2d
from cnn_oracle.manual._windows import gather
from cnn_oracle.manual.article import pooling as manual
from cnn_oracle.reference.article import pooling as reference

GEOMETRIES = [(n, f, s) for n, f, s in product(range(1, 7), range(1, 4), range(1, 4)) if f <= n]
SMALL_IMAGES = [np.array(x, float).reshape(1, 1, 2, 2) for x in product((-1, 0, 1), repeat=4)]


def windows(x, f, s):
    return gather(x, (f, f), (s, s), (1, 1))


def positive(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.integers(1, 10, shape).astype(float) for shape in shapes]


def input_gradient(forward, dy, x):
    return reference.backward(torch.from_numpy(dy), torch.from_numpy(x), forward).numpy()


@pytest.mark.formula("E12")
def test_figure_12_number_for_number():
    x, printed = manual.figure_12()[None, None], [[[[7, 5, 6], [7, 8, 5], [4, 5, 7]]]]
    assert np.array_equal(max_pool2d.forward(x, kernel_size=2), printed)
    assert np.array_equal(max_pool2d.forward(x, kernel_size=2, stride=2), printed)
    assert np.array_equal(reference.maximum(torch.from_numpy(x), 2, 2), printed)


@pytest.mark.formula("E12")
def test_channels_are_pooled_on_their_own():
    (x,) = positive(0, (2, 3, 5, 4))
    y = max_pool2d.forward(x, kernel_size=2)
    for c in range(3):
        assert np.array_equal(y[:, c : c + 1], max_pool2d.forward(x[:, c : c + 1], kernel_size=2))


@pytest.mark.formula("E12")
def test_padding_with_zeros_is_right_exactly_where_no_window_is_negative():
    seen = set()
    for x in SMALL_IMAGES:
        y = max_pool2d.forward(x, kernel_size=2, stride=1, padding=1)
        assert np.array_equal(y, F.max_pool2d(torch.from_numpy(x), 2, 1, 1))
        zeros = max_pool2d.forward(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), kernel_size=2, stride=1)
        right = np.array_equal(zeros, y)
        assert right == (x >= 0).all()  # each corner window has one element of the 2×2 image
        seen.add(right)
    assert seen == {True, False}


@pytest.mark.formula("E13")
def test_figure_13_number_for_number():
    image, dy = (a[None, None] for a in manual.figure_13())
    printed = [[[[0, 1.2, 1.9, 0], [0, 0, 0, 0], [0, 0, 0, 0.3], [0.9, 0, 0, 0]]]]
    assert np.array_equal(max_pool2d.backward(dy, image, kernel_size=2)[0], printed)
    assert np.array_equal(manual.backward_by_mask_as_printed(dy, image, manual.maximum_mask, 2, 2), printed)
    assert np.array_equal(input_gradient(partial(reference.maximum, f=2, s=2), dy, image), printed)


@pytest.mark.formula("E13")
def test_the_mask_sends_the_gradient_right_exactly_where_windows_do_not_overlap():
    holds_exactly_on_its_domain(CLAIMS["E13"])


@pytest.mark.formula("E13")
def test_the_mask_is_right_exactly_for_windows_with_one_maximum():
    dy, seen = np.full((1, 1, 1, 1), 5.0), set()
    for x in SMALL_IMAGES:
        dx = input_gradient(partial(reference.maximum, f=2, s=2), dy, x)
        assert np.array_equal(max_pool2d.backward(dy, x, kernel_size=2)[0], dx)
        right = np.array_equal(manual.backward_by_mask_as_printed(dy, x, manual.maximum_mask, 2, 2), dx)
        assert right == manual.one_maximum(windows(x, 2, 2)).item()
        seen.add(right)
    assert seen == {True, False}


@pytest.mark.formula("E13")
def test_three_windows_of_figure_12_are_tied():
    assert (~manual.one_maximum(windows(manual.figure_12()[None, None], 2, 2))).sum() == 3


@pytest.mark.formula("E13")
def test_among_nans_the_last_is_the_maximum_where_argmax_takes_the_first():
    x, dy = np.array([[[[1, np.nan], [np.nan, 2]]]]), np.full((1, 1, 1, 1), 5.0)
    dx = input_gradient(partial(reference.maximum, f=2, s=2), dy, x)
    assert np.array_equal(max_pool2d.backward(dy, x, kernel_size=2)[0], dx)
    assert (dx.argmax(), x.argmax()) == (2, 1)


@pytest.mark.formula("E13", "E14")
@pytest.mark.parametrize(("n", "f", "s"), GEOMETRIES)
def test_added_masks_are_the_gradient_of_every_pooling_also_where_windows_overlap(n, f, s):
    """Bitwise for maximum and sum. A mean rounds 1/f² and its product: 2 + m roundings for an element in m windows.

    L_q rounds the power u^q, its sum, two roots and powers of their quotient: below 40 roundings per term in all.
    """
    size, rng = (n - f) // s + 1, np.random.default_rng(n)
    x = rng.permutation(2 * n * n).reshape(1, 2, n, n) + 1.0
    (dy,) = positive(n, (1, 2, size, size))
    bits = {manual.maximum_mask: reference.maximum, manual.sum_mask: reference.total}
    for mask, forward in bits.items():
        ours = manual.backward_by_mask(dy, x, mask, f, s)
        assert np.array_equal(ours, input_gradient(partial(forward, f=f, s=s), dy, x))
    rounded = {manual.mean_mask: reference.mean} | {
        partial(manual.power_mask, q=q): partial(reference.power, q=q) for q in (1.0, 2.0, 3.0)
    }
    for mask, forward in rounded.items():
        ours = manual.backward_by_mask(dy, x, mask, f, s)
        allowed = gamma(40 + 2 * f * f, 2.0**-53) * ours
        assert (np.abs(ours - input_gradient(partial(forward, f=f, s=s), dy, x)) <= allowed).all()


@pytest.mark.formula("E14")
def test_the_mask_rule_is_right_for_means_exactly_where_windows_are_disjoint_and_whole():
    holds_exactly_on_its_domain(CLAIMS["E14"])


@pytest.mark.formula("E14")
def test_sum_and_power_pooling_are_pytorchs():
    (x,) = positive(0, (2, 3, 6, 5))
    for f, s, q in product((1, 2, 3), (1, 2), (1.0, 2.0, 3.0)):
        assert np.array_equal(manual.sum_pool(x, f, s), reference.total(torch.from_numpy(x), f, s))
        ours, theirs = manual.power_pool(x, f, s, q), reference.power(torch.from_numpy(x), f, s, q).numpy()
        assert (np.abs(ours - theirs) <= gamma(20, 2.0**-53) * theirs).all()  # torch's sum is a mean times f²


@pytest.mark.formula("E14")
def test_global_pooling_is_one_window_as_large_as_the_image():
    (x,) = positive(0, (2, 3, 4, 8))
    assert np.array_equal(manual.global_maximum(x), reference.global_maximum(torch.from_numpy(x)))
    assert np.array_equal(manual.global_mean(32 * x), reference.global_mean(torch.from_numpy(32 * x)))


@pytest.mark.formula("E14")
@pytest.mark.parametrize("q", [2.0, 3.0])
def test_a_window_of_zeros_has_no_gradient_in_power_pooling(q):
    x, dy = np.zeros((1, 1, 2, 2)), np.ones((1, 1, 1, 1))
    ours = manual.backward_by_mask(dy, x, partial(manual.power_mask, q=q), 2, 2)
    assert not ours.any()
    assert np.array_equal(ours, input_gradient(partial(reference.power, f=2, s=2, q=q), dy, x))


@pytest.mark.formula("E14")
def test_power_pooling_takes_signs_as_they_are():
    """A negative sum of odd powers has no real root: NaN, in PyTorch too. An even power loses the sign."""
    x = -np.ones((1, 1, 2, 2))
    for q, y in ((2.0, 2.0), (3.0, np.nan)):
        assert np.array_equal(manual.power_pool(x, 2, 2, q).item(), y, equal_nan=True)
        assert np.array_equal(reference.power(torch.from_numpy(x), 2, 2, q).item(), y, equal_nan=True)
