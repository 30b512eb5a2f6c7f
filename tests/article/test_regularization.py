"""Regularisation of the series (S4, S6)."""

from itertools import product

import numpy as np
import pytest
import torch

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual import sgd
from cnn_oracle.manual.article import regularization as manual
from cnn_oracle.reference.article import regularization as reference

W = np.array([3.0, -4.0, 0.0, 12.0])


@pytest.mark.formula("S4")
def test_norms_are_pytorchs():
    for ours, order in ((manual.l1, 1), (manual.l2, 2)):
        assert ours(W) == reference.norm(torch.from_numpy(W), order)
    assert manual.l2_as_printed(W) == manual.l2(W) ** 2 == 169


@pytest.mark.formula("S4")
def test_the_sum_of_squares_is_the_norm_exactly_where_it_is_0_or_1():
    holds_exactly_on_its_domain(CLAIMS["S4"])


@pytest.mark.formula("S4")
def test_the_gradients_of_the_penalties_are_autograds_with_0_at_0():
    leaf = torch.from_numpy(W.copy()).requires_grad_()
    (l1,) = torch.autograd.grad(leaf.abs().sum(), leaf)
    assert np.array_equal(manual.l1_gradient(W), l1)
    (l2,) = torch.autograd.grad(0.25 / 2 * (leaf * leaf).sum(), leaf)
    assert np.array_equal(manual.l2_penalty_gradient(W, 0.25), l2)


@pytest.mark.formula("S4")
def test_weight_decay_is_the_gradient_of_half_lambda_times_the_square():
    decay = manual.l2_penalty_gradient(W, 0.25)
    assert np.array_equal(reference.weight_decay_gradient(torch.from_numpy(W), 0.25), decay)
    assert np.array_equal(W - sgd.step(W, np.zeros_like(W), lr=1.0, weight_decay=0.25)[0], decay)


@pytest.mark.formula("S6")
def test_inverted_dropout_is_pytorchs_exactly_while_something_is_kept():
    holds_exactly_on_its_domain(CLAIMS["S6"])


@pytest.mark.formula("S6")
def test_inverted_dropout_keeps_the_mean_over_all_masks():
    x, p = np.array([3.0, -5.0, 7.0]), 0.75
    mean = np.zeros(3)
    for mask in product((0, 1), repeat=3):
        chance = np.prod(np.where(mask, 1 - p, p))
        mean += chance * manual.dropout_as_printed(x.copy(), np.array(mask, float), p)
    assert np.array_equal(mean, x)


@pytest.mark.formula("S6")
def test_the_printed_dropout_overwrites_its_input_and_pytorchs_does_not():
    x = np.ones(8)
    y, mask = reference.dropout(torch.from_numpy(x), 0.5, seed=0)
    assert (x == 1).all()
    assert manual.dropout_as_printed(x, mask.numpy(), 0.5) is x
    assert np.array_equal(x, y)
