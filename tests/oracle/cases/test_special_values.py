"""Edge values where they are more than an array each; those of activations and losses are a theorem of every op."""

import warnings

import numpy as np
import pytest
import torch

from cnn_oracle.call import Call
from cnn_oracle.cases import case as cases
from cnn_oracle.cases.special_values import NAN, SPECIAL_VALUES
from cnn_oracle.compare import compare
from cnn_oracle.ops import OPS
from cnn_oracle.run.subject import run_all


def agree(subject, name, dy, **arrays):
    """The subject's answers are PyTorch's, and it warns of nothing."""
    if subject.implementation(name) is None:
        pytest.skip(f"{subject.name} does not cover {name}")
    call = Call(name, {n: a.shape for n, a in arrays.items()}, 0)
    case = cases.with_expected(OPS[name], cases.draw(OPS[name], call), arrays=arrays, dy=dy)
    with warnings.catch_warnings(action="ignore"):  # the bound may say what it likes
        allowed = compare.tolerance(OPS[name], case)
    # where a formula is infinite or NaN, so is its bound: what is left there is PyTorch's own value
    bounds = {q: np.where(np.isfinite(a), a, 0) for q, a in allowed.items()}
    compare.compare(case, run_all(subject, OPS[name], case), bounds)


@pytest.mark.parametrize("w", [0.25, -2.0, 0.0])
def test_prelu_is_pytorchs_at_the_edges(subject, w):
    finite = SPECIAL_VALUES[
        np.isfinite(SPECIAL_VALUES)
    ]  # of an infinite x the gradient of w is infinite or NaN, as the sum falls
    agree(subject, "prelu", np.linspace(0.5, 2.5, finite.size), x=finite, w=np.array([w]))


def test_glu_is_pytorchs_at_the_edges(subject):
    x = np.array([(a, b) for a in SPECIAL_VALUES for b in SPECIAL_VALUES])
    agree(subject, "glu", np.ones((len(x), 1)), x=x)


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("name", ["elu", "selu", "hardswish"])
def test_pytorch_is_of_two_minds_about_the_gradient_at_nan(name):
    """NaN where its vector unit computes, a number in the rest that does not fill a vector. Ours is NaN."""

    def gradient(n):
        x = torch.full((n,), NAN, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(OPS[name].reference.forward(x).sum(), x)[0]

    assert np.isnan(OPS[name].manual.backward(np.ones(1), np.array([NAN]))[0]).all()
    assert {bool(g.isnan().any()) for g in (gradient(1), gradient(64))} == {False, True}
