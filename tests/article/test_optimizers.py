"""Gradient descent, and the optimisers of the series (E15, S5)."""

import numpy as np
import pytest

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.manual import sgd
from cnn_oracle.manual.article import optimizers as manual
from cnn_oracle.reference.article import optimizers as reference

GRADIENTS = np.random.default_rng(0).standard_normal(12).tolist()
BETAS = (0.9, 0.999)


def path(step, gradients, states, **options):
    """The weight after each step. The weight and the states start at 0."""
    w, state, places = np.zeros(()), [np.zeros(())] * states, []
    for g in gradients:
        w, *state = step(w, np.array(float(g)), *state, **options)
        places.append(float(w))
    return np.array(places)


def lengths(places):
    return np.diff(places, prepend=0)


@pytest.mark.formula("E15")
def test_gradient_descent_is_sgd_without_options():
    """No step rounds, because the rate is a power of two and the gradients are integers."""
    gradients = [1.0, -2.0, 3.0, 5.0]
    ours = path(lambda w, dw, lr: sgd.step(w, dw, lr=lr)[:1], gradients, 0, lr=0.125)
    assert np.array_equal(ours, reference.gradient_descent(gradients, 0.125))
    assert np.array_equal(ours, -0.125 * np.cumsum(gradients))


@pytest.mark.formula("S5")
def test_momentum_as_printed_is_torchs_exactly_without_a_first_step():
    holds_exactly_on_its_domain(CLAIMS["S5"])


@pytest.mark.formula("S5")
def test_momentum_as_printed_and_torchs_on_gradients_1_2_3():
    printed = path(manual.momentum_as_printed, [1, 2, 3], 1, lr=1.0, beta=0.9)
    assert printed.round(12).tolist() == [-0.1, -0.39, -0.951]
    assert reference.momentum([1, 2, 3], lr=1.0, beta=0.9).numpy().round(12).tolist() == [-1.0, -2.1, -3.39]


@pytest.mark.formula("S5")
def test_rmsprop_as_printed_is_torchs():
    """Ten roundings per step, each relative to the length of a step."""
    options = {"lr": 0.1, "beta": 0.9, "eps": 1e-8}
    ours = path(manual.rmsprop_as_printed, GRADIENTS, 1, **options)
    theirs = reference.rmsprop(GRADIENTS, **options).numpy()
    allowed = np.cumsum(gamma(10 * len(GRADIENTS), 2.0**-53) * np.abs(lengths(theirs)))
    assert (np.abs(ours - theirs) <= allowed).all()


@pytest.mark.formula("S5")
def test_adam_without_bias_correction_is_too_long_by_its_excess():
    """eps is 0, so that the excess is the only difference. The bound is relative to each length."""
    options = {"lr": 0.1, "betas": BETAS, "eps": 0.0}
    gradients = np.abs(GRADIENTS).tolist()  # no cancellation in the first moment
    ours = lengths(path(manual.adam_as_printed, gradients, 2, **options))
    theirs = lengths(reference.adam(gradients, **options))
    excess = np.array([manual.adam_excess(t, BETAS) for t in range(1, 13)])
    # 20 roundings of positive numbers per step, and two of w, which is up to 20 times a length (15 times PyTorch's)
    assert (np.abs(ours - excess * theirs) <= gamma(20 * 12 + 2 * 20 + 2 * 15, 2.0**-53) * np.abs(ours)).all()


@pytest.mark.formula("S5")
def test_adams_excess_is_316_percent_at_step_1_and_657_at_step_12():
    assert [round(manual.adam_excess(t, BETAS), 2) for t in (1, 12)] == [3.16, 6.57]
    assert max(range(1, 1000), key=lambda t: manual.adam_excess(t, BETAS)) == 12
