"""Losses of the series (S3)."""

import numpy as np
import pytest
import torch

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual import cross_entropy, softmax
from cnn_oracle.manual.article import losses as manual
from cnn_oracle.reference.article import losses as reference

RNG = np.random.default_rng(0)
U = 2.0**-53


@pytest.mark.formula("S3")
def test_binary_cross_entropy_is_pytorchs_inside_0_and_1():
    probability, target = RNG.uniform(0.001, 0.999, 50), RNG.integers(0, 2, 50).astype(float)
    ours = manual.binary_cross_entropy_as_printed(probability, target)
    theirs = reference.binary_cross_entropy(torch.from_numpy(probability), torch.from_numpy(target)).item()
    assert abs(ours - theirs) <= 2 * (50 + 20) * U * theirs


@pytest.mark.formula("S3")
@pytest.mark.parametrize(("probability", "target", "loss"), [(0.0, 0.0, 0), (1.0, 1.0, 0), (0.0, 1.0, 100)])
def test_a_certain_probability_has_no_binary_loss_where_pytorch_stops_at_100(probability, target, loss):
    probability, target = np.array([probability]), np.array([target])
    assert not np.isfinite(manual.binary_cross_entropy_as_printed(probability, target))
    assert reference.binary_cross_entropy(torch.from_numpy(probability), torch.from_numpy(target)) == loss


@pytest.mark.formula("S3")
def test_cross_entropy_of_probabilities_is_that_of_logits_where_nothing_is_clipped():
    logits, label = RNG.uniform(-10, 10, (50, 4)), RNG.integers(0, 4, 50)
    ours = manual.cross_entropy_as_printed(softmax.forward(logits, dim=1), label)
    theirs = reference.cross_entropy(torch.from_numpy(logits), torch.from_numpy(label)).numpy()
    assert (np.abs(ours - theirs) <= 4 * (20 + 20) * U).all()


@pytest.mark.formula("S3")
def test_clipping_holds_exactly_while_no_probability_is_below_it():
    holds_exactly_on_its_domain(CLAIMS["S3"])


@pytest.mark.formula("S3")
def test_clipping_caps_the_loss_at_46_where_the_exact_loss_is_100():
    logits, label = np.array([[0.0, -100.0]]), np.array([1])
    clipped = manual.cross_entropy_as_printed(softmax.forward(logits, dim=1), label)
    assert clipped.round(2) == 46.05
    assert cross_entropy.forward(logits, target=label) == 100
    assert reference.cross_entropy(torch.from_numpy(logits), torch.from_numpy(label)) == 100
