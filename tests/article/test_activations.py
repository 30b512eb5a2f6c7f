"""Activations of the series (S2)."""

import numpy as np
import pytest
import torch

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual import relu
from cnn_oracle.manual.article import activations as manual
from cnn_oracle.reference.article import activations as reference

Z = np.concatenate([np.linspace(-30, 30, 401), [-700.0, -50, 50, 700]])
ALLOWED = 40 * 2.0**-53  # absolute: values are at most 1, and each exponential, sum and quotient adds a few u
PRINTED = {"sigmoid": manual.sigmoid_as_printed, "tanh": manual.tanh_as_printed}
SLOPES = {"sigmoid": manual.sigmoid_slope, "tanh": manual.tanh_slope}


def pytorch(name, z):
    return reference.forward(name, torch.from_numpy(z)).numpy()


@pytest.mark.formula("S2")
@pytest.mark.parametrize("name", PRINTED)
def test_the_printed_activation_and_its_slope_are_pytorchs_where_nothing_overflows(name):
    a = PRINTED[name](Z)
    assert (np.abs(a - pytorch(name, Z)) <= ALLOWED).all()
    assert (np.abs(SLOPES[name](a) - reference.slope(name, torch.from_numpy(Z)).numpy()) <= 4 * ALLOWED).all()


@pytest.mark.formula("S2")
def test_the_printed_softmax_is_pytorchs_where_nothing_overflows():
    z = np.random.default_rng(0).uniform(-30, 30, (20, 5))
    assert (np.abs(manual.softmax_as_printed(z) - pytorch("softmax", z)) <= ALLOWED).all()


@pytest.mark.formula("S2")
def test_tanh_is_a_number_exactly_while_the_exponential_is():
    holds_exactly_on_its_domain(CLAIMS["S2"])


@pytest.mark.formula("S2")
@pytest.mark.parametrize("z", [709.0, 710.0])
def test_softmax_is_a_number_exactly_while_the_exponential_is(z):
    logits = np.array([z, 0.0])
    assert np.isfinite(manual.softmax_as_printed(logits)).all() == manual.tanh_holds_when(int(z))
    assert np.isfinite(pytorch("softmax", logits)).all()


@pytest.mark.formula("S2")
def test_an_overflowing_sigmoid_is_0_where_pytorch_too_has_less_than_any_normal_number():
    z = np.array([-709.0, -710.0, -1e4, -np.inf, np.inf])
    ours = manual.sigmoid_as_printed(z)
    assert (np.abs(ours - pytorch("sigmoid", z)) <= np.finfo(float).tiny).all()
    assert ours[1:].tolist() == [0, 0, 0, 1]


@pytest.mark.formula("S2")
def test_leaky_relu_is_a_maximum_exactly_for_slopes_up_to_1():
    z, seen = np.array([-2.0, 0.0, 3.0]), set()
    for alpha in (0.0, 0.25, 1.0, 1.25, 4.0):
        theirs = torch.nn.functional.leaky_relu(torch.from_numpy(z), alpha).numpy()
        right = np.array_equal(manual.leaky_relu_as_printed(z, alpha), theirs)
        assert right == (alpha <= 1)
        seen.add(right)
    assert seen == {True, False}
    assert np.array_equal(manual.leaky_relu_as_printed(Z), pytorch("leaky_relu", Z))


@pytest.mark.formula("S2")
def test_relu_is_the_maximum_with_0():
    assert np.array_equal(relu.forward(Z), pytorch("relu", Z))
    assert np.array_equal(relu.backward(np.ones_like(Z), Z)[0], reference.slope("relu", torch.from_numpy(Z)))
