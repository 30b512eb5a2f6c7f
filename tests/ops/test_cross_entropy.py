"""Laws of the cross-entropy. u is float64's unit roundoff; a comment at each bound counts its roundings."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import cross_entropy, log_softmax, nll_loss, softmax
from cnn_oracle.ops import OPS

OP = OPS["cross_entropy"]
U = np.finfo(float).epsneg


@given(n=st.integers(1, 6), c=st.integers(1, 6), seed=st.integers(0, 999))
def test_gradient_is_probability_minus_one_hot_over_n(n, c, seed):
    rng = np.random.default_rng(seed)
    x, target = rng.standard_normal((n, c)), rng.integers(0, c, n)
    (dx,) = cross_entropy.backward(np.array(1.0), x, target=target)
    expected = (softmax.forward(x, dim=1) - np.eye(c)[target]) / n
    assert (np.abs(dx - expected) <= 4 * U / n).all()  # two products in another order, numbers up to 1/n


@pytest.mark.of_manual
@given(n=st.integers(1, 6), c=st.integers(1, 6), seed=st.integers(0, 999))
def test_is_nll_loss_of_log_softmax(n, c, seed):
    rng = np.random.default_rng(seed)
    x, target, weight = rng.standard_normal((n, c)), rng.integers(0, c, n), rng.uniform(0.5, 2, c)
    ours = cross_entropy.forward(x, target=target, weight=weight, reduction="none")
    theirs = nll_loss.forward(log_softmax.forward(x, dim=1), target=target, weight=weight, reduction="none")
    assert np.array_equal(ours, theirs)  # one product each, and sums with zeros


@given(call=calls(OP))
def test_gradient_sums_to_zero_over_the_classes(call):
    case = draw(OP, call)
    assume(np.isfinite(case.expected["y"]).all())
    x = case.arrays["x"]
    (dx,) = cross_entropy.backward(case.dy, x, **case.keywords)
    c, weight = x.shape[1], case.keywords.get("weight", np.ones(1)).max(initial=1)
    # dℓ (Σ p Σ q − Σ q): sums of c terms up to Σ q ≤ weight; dℓ is at most dy, or dy over the smallest weight, 1/2
    assert (np.abs(dx.sum(1)) <= (6 * c + 12) * U * 2 * weight * np.abs(case.dy).max(initial=0)).all()


def test_hot_labels_as_probabilities_are_labels():
    x, target = np.array([[1.0, -2, 3], [0, 0, 9]]), np.array([2, 1])
    hard, soft = (cross_entropy.forward(x, target=t) for t in (target, np.eye(3)[target]))
    assert hard == soft


@pytest.mark.parametrize("logits", [[800.0, -800.0], [0.0, -100.0], [-1e308, 1e308]])
def test_is_not_capped_where_a_clipped_probability_would_be(logits):
    """A probability clipped at 1e−20 caps the loss at 46.05, where the exact loss for [0, −100] and label 1 is 100."""
    x, target = np.array([logits]), np.array([1])
    theirs = torch.nn.functional.cross_entropy(torch.from_numpy(x), torch.from_numpy(target))
    assert cross_entropy.forward(x, target=target) == theirs.item()


@pytest.mark.of_manual
def test_probabilities_have_no_label_to_ignore():
    with pytest.raises(ValueError, match="probabilities have no label to ignore"):
        cross_entropy.forward(np.ones((2, 3)), target=np.ones((2, 3)) / 3, ignore_index=0)
