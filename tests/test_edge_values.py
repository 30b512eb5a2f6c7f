"""Zeros of both signs, infinities, NaN, denormals, huge numbers: forward and backward are PyTorch's, without a warning.

NaN where PyTorch says NaN, the same infinities, and every finite value within the op's own rounding bound.
"""

import warnings

import numpy as np
import pytest
import torch

from oracle import cases, compare
from oracle.calls import Call
from oracle.ops import OPS
from oracle.run import backward, forward

INF, NAN = np.inf, np.nan
EDGES = np.array([
    0.0, -0.0, INF, -INF, NAN, 5e-324, -5e-324, 1e-310, 1e-300, 3, -3, 20, -20, 37, -37, 710, -710, 800, -800,
    1e300, -1e300,
])  # fmt: skip
DY = np.linspace(0.5, 2.5, EDGES.size)
PAIRS = np.array(
    [(x, t) for x in EDGES for t in (0.0, 1.0, -2.0, INF, NAN, 5e-324, 1e300)]
    + [(t, x) for x in EDGES for t in (0.0, 1.0, -2.0)]
).T  # fmt: skip
FRACTIONS = np.array([(x, t) for x in (0, 5e-324, 1e-300, 1e-13, 0.5, 1 - 2**-53, 1) for t in (0, 0.5, 1, 5e-324)]).T

ACTIVATIONS = [
    ("relu", {}), ("leaky_relu", {}), ("leaky_relu", {"negative_slope": -0.5}), ("leaky_relu", {"negative_slope": 0.0}),
    ("elu", {}), ("elu", {"alpha": 2.0}), ("elu", {"alpha": -0.5}), ("elu", {"alpha": 0.0}), ("selu", {}),
    ("gelu", {}), ("gelu", {"approximate": "tanh"}), ("silu", {}), ("mish", {}), ("sigmoid", {}), ("hardsigmoid", {}),
    ("hardswish", {}), ("tanh", {}), ("softplus", {}), ("softplus", {"beta": -1.5}), ("softplus", {"beta": 0.0}),
    ("softplus", {"beta": 2.0, "threshold": 1.0}), ("softsign", {}),
]  # fmt: skip
LOSSES = [
    ("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.0}), ("huber_loss", {}),
    ("huber_loss", {"delta": 0.5}), ("binary_cross_entropy_with_logits", {}), ("kl_div", {}),
    ("kl_div", {"log_target": True}),
]  # fmt: skip


def show(value):
    return value if isinstance(value, str) else " ".join(f"{n}={v}" for n, v in value.items())


def agree(subject, name, dy, options, **arrays):
    """The subject's answers are PyTorch's, and it warns of nothing."""
    call = Call(name, {n: a.shape for n, a in arrays.items()} | options, 0)
    drawn = cases.draw(OPS[name], call)
    case = cases.answered(OPS[name], drawn, arrays=arrays, dy=dy)
    if subject.implementation(name) is None:
        pytest.skip(f"{subject.name} does not cover {name}")
    with warnings.catch_warnings(action="ignore"):  # the bound may say what it likes
        allowed = compare.tolerance(OPS[name], case)
    # where a formula is infinite or NaN, so is its bound: what is left there is PyTorch's own value
    bounds = {q: np.where(np.isfinite(a), a, 0) for q, a in allowed.items()}
    compare.compare(case, forward(subject, case) | backward(subject, case), bounds)


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS, ids=show)
def test_an_activation_is_pytorchs_at_the_edges(subject, name, options):
    agree(subject, name, DY, options, x=EDGES)


@pytest.mark.parametrize(("name", "options"), LOSSES, ids=show)
def test_a_loss_is_pytorchs_at_the_edges(subject, name, options):
    x, target = PAIRS
    if name == "kl_div":  # PyTorch computes (dy t)/t, and loses it to underflow where t is not normal
        x, target = PAIRS[:, (PAIRS[1] == 0) | (np.abs(PAIRS[1]) > 1e-300)]
    agree(subject, name, np.linspace(0.5, 2.5, x.size), options | {"reduction": "none"}, x=x, target=target)


def test_binary_cross_entropy_is_pytorchs_at_the_ends(subject):
    x, target = FRACTIONS
    agree(subject, "binary_cross_entropy", np.ones(x.size), {"reduction": "none"}, x=x, target=target)


@pytest.mark.parametrize("w", [0.25, -2.0, 0.0])
def test_prelu_is_pytorchs_at_the_edges(subject, w):
    finite = EDGES[np.isfinite(EDGES)]  # of an infinite x the gradient of w is infinite or NaN, as the sum falls
    agree(subject, "prelu", DY[: finite.size], {}, x=finite, w=np.array([w]))


def test_glu_is_pytorchs_at_the_edges(subject):
    x = np.array([(a, b) for a in EDGES for b in EDGES])
    agree(subject, "glu", np.ones((len(x), 1)), {}, x=x)


@pytest.mark.parametrize("name", ["elu", "selu", "hardswish"])
def test_pytorch_is_of_two_minds_about_the_gradient_at_nan(name):
    """NaN where its vector unit computes, a number in the rest that does not fill a vector. Ours is NaN."""

    def gradient(n):
        x = torch.full((n,), NAN, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(OPS[name].reference.forward(x).sum(), x)[0]

    assert np.isnan(OPS[name].manual.backward(np.ones(1), np.array([NAN]))[0]).all()
    assert {bool(g.isnan().any()) for g in (gradient(1), gradient(64))} == {False, True}
