"""Laws of inverted dropout."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import kept
from cnn_oracle.manual import dropout
from cnn_oracle.ops import OPS

OP = OPS["dropout"]


@given(call=calls(OP))
def test_is_its_own_adjoint(call):
    case = draw(OP, call, kept)
    (dx,) = dropout.backward(case.dy, case.arrays["x"], **case.keywords)
    assert np.array_equal(dropout.forward(case.dy, **case.keywords), dx)


@pytest.mark.parametrize("p", [0.5, 0.1, 0.9])
def test_pytorchs_own_draw_is_ours_with_its_mask(p):
    """The mask is read from the zeros of y, because no x is 0."""
    torch.manual_seed(0)
    x = torch.randn((20, 30), dtype=torch.float64, requires_grad=True)
    theirs, dy = torch.nn.functional.dropout(x, p), torch.randn((20, 30), dtype=torch.float64)
    (dx,) = torch.autograd.grad(theirs, x, dy)
    mask = theirs.detach().numpy() != 0
    u = np.finfo(float).epsneg  # PyTorch multiplies by 1/(1 − p), rounded
    y = dropout.forward(x.detach().numpy(), mask=mask, p=p)
    assert (np.abs(y - theirs.detach().numpy()) <= 4 * u * np.abs(y)).all()
    ours = dropout.backward(dy.numpy(), x.detach().numpy(), mask=mask, p=p)[0]
    assert (np.abs(ours - dx.numpy()) <= 4 * u * np.abs(ours)).all()


def test_nothing_is_kept_at_p_one_and_nan_stays_nan_as_in_pytorch():
    x = np.array([[1.0, -2.0, np.nan]])
    y = dropout.forward(x, mask=np.ones((1, 3), bool), p=1.0)
    assert np.array_equal(y, torch.nn.functional.dropout(torch.from_numpy(x), 1.0), equal_nan=True)
    assert y[0, :2].tolist() == [0, 0]


def test_without_training_everything_passes():
    x = np.array([[1.0, -2.0]])
    assert np.array_equal(dropout.forward(x, mask=np.zeros((1, 2), bool), training=False), x)


@pytest.mark.of_manual
@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_an_invalid_probability_is_rejected(p):
    with pytest.raises(ValueError, match="dropout") as error:
        dropout.forward(np.ones(2), mask=np.ones(2, bool), p=p)
    assert str(error.value) == f"dropout(x=(2,), p={p}): p must lie in 0 … 1"


@pytest.mark.of_manual
def test_a_mask_of_another_shape_is_rejected():
    with pytest.raises(ValueError, match="dropout") as error:
        dropout.forward(np.ones((2, 3)), mask=np.ones((2, 1), bool))
    assert str(error.value) == "dropout(x=(2, 3), mask=(2, 1)): mask must have x's shape"
