"""Laws of dropout of channels."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import kept
from cnn_oracle.manual import dropout, dropout2d
from cnn_oracle.ops import OPS

OP = OPS["dropout2d"]


@given(call=calls(OP))
def test_is_its_own_adjoint(call):
    case = draw(OP, call, kept)
    (dx,) = dropout2d.backward(case.dy, case.arrays["x"], **case.keywords)
    assert np.array_equal(dropout2d.forward(case.dy, **case.keywords), dx)


@pytest.mark.parametrize("p", [0.5, 0.1, 0.9])
def test_pytorchs_own_draw_is_ours_with_its_mask(p):
    """The mask is read from the zeros of y, because no x is 0."""
    torch.manual_seed(0)
    x = torch.randn((8, 6, 3, 4), dtype=torch.float64, requires_grad=True)
    theirs, dy = torch.nn.functional.dropout2d(x, p), torch.randn((8, 6, 3, 4), dtype=torch.float64)
    (dx,) = torch.autograd.grad(theirs, x, dy)
    mask = theirs.detach().numpy()[:, :, 0, 0] != 0
    u = np.finfo(float).epsneg  # PyTorch multiplies by 1/(1 − p), rounded
    y = dropout2d.forward(x.detach().numpy(), mask=mask, p=p)
    assert (np.abs(y - theirs.detach().numpy()) <= 4 * u * np.abs(y)).all()
    ours = dropout2d.backward(dy.numpy(), x.detach().numpy(), mask=mask, p=p)[0]
    assert (np.abs(ours - dx.numpy()) <= 4 * u * np.abs(ours)).all()


def test_nothing_is_kept_at_p_one_and_nan_stays_nan_as_in_pytorch():
    x = np.array([1.0, -2.0, np.nan]).reshape(1, 3, 1, 1)
    y = dropout2d.forward(x, mask=np.ones((1, 3), bool), p=1.0)
    assert np.array_equal(y, torch.nn.functional.dropout2d(torch.from_numpy(x), 1.0), equal_nan=True)
    assert y[0, :2, 0, 0].tolist() == [0, 0]


def test_without_training_everything_passes():
    x = np.array([[1.0, -2.0]])
    assert np.array_equal(dropout2d.forward(x, mask=np.zeros((1, 2), bool), training=False), x)


@given(call=calls(OP))
def test_is_dropout_with_the_mask_repeated_over_the_image(call):
    case = draw(OP, call, kept)
    x, mask, options = case.arrays["x"], case.keywords["mask"], dict(case.keywords)
    options["mask"] = np.broadcast_to(mask.reshape(mask.shape + (1,) * (x.ndim - 2)), x.shape)
    assert np.array_equal(dropout2d.forward(x, **case.keywords), dropout.forward(x, **options))
