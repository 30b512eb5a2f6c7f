"""Laws of softmax. u is float64's unit roundoff; a comment at each bound counts its roundings."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import softmax
from cnn_oracle.ops import OPS

OP = OPS["softmax"]
U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_sums_to_one(call):
    case = draw(OP, call)
    y = softmax.forward(case.arrays["x"], **case.keywords)
    n = y.shape[call.arguments["dim"]] if y.ndim else 1
    total = y.sum(call.arguments["dim"] if y.ndim else ())
    assert (np.abs(total - (n > 0)) <= 2 * n * U).all()  # softmax's sum and this one round n − 1 times each


@given(call=calls(OP))
def test_gradient_sums_to_zero(call):
    """The outputs sum to one for every x, so Jᵀ dy sums to zero."""
    case = draw(OP, call)
    (dx,) = softmax.backward(case.dy, case.arrays["x"], **case.keywords)
    axis = call.arguments["dim"] if dx.ndim else ()
    n = dx.shape[axis] if dx.ndim else 1
    # Σ dx = Σ y dy − (Σ y)(Σ dy y): each sum rounds n times, y itself sums to one within 2 n u, products round 3 times
    allowed = (6 * n + 6) * U * np.abs(case.dy).max(initial=0)
    assert (np.abs(dx.sum(axis)) <= allowed).all()


@given(call=calls(OP))
def test_a_constant_cotangent_has_no_gradient(call):
    """A cotangent of ones is a vacuous check: a backward that returns zeros would pass."""
    case = draw(OP, call)
    (dx,) = softmax.backward(np.ones_like(case.dy), case.arrays["x"], **case.keywords)
    n = dx.shape[call.arguments["dim"]] if dx.ndim else 1
    assert (np.abs(dx) <= 2 * (n + 1) * U).all()  # dx = y (1 − Σ y): the rounding error of Σ y = 1


def test_is_invariant_to_a_shift():
    """Bitwise: integers and their differences are exact."""
    x = np.array([[3.0, -1, 7, 0]])
    assert np.array_equal(softmax.forward(x + 1024, dim=1), softmax.forward(x, dim=1))


@pytest.mark.parametrize(
    "x",
    [
        [800.0, -800],
        [-800.0, -801],
        [np.inf, 0],
        [-np.inf, 0],
        [-np.inf, -np.inf],
        [np.nan, 0],
        [1e308, -1e308],
        [5e-324, 0],
    ],
)
def test_huge_and_special_values_are_pytorchs(x):
    x, dy = np.array(x), np.array([2.0, -3])
    t = torch.from_numpy(x).requires_grad_()
    y = torch.softmax(t, 0)
    (dx,) = torch.autograd.grad(y, t, torch.from_numpy(dy))
    with np.errstate(all="ignore"):  # ∞ − ∞ warns; this test compares values
        ours = softmax.forward(x, dim=0), softmax.backward(dy, x, dim=0)[0]
    for mine, theirs in zip(ours, (y.detach().numpy(), dx.numpy()), strict=True):
        assert np.array_equal(np.isnan(mine), np.isnan(theirs))
        assert (np.abs(mine - theirs)[~np.isnan(theirs)] <= 32 * U).all()  # exp, a sum of two, a quotient, products ≤ 5
