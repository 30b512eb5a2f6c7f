"""Laws of padding."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnn_oracle.manual import pad

X = np.arange(4.0)[None, None]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("constant", [0, 0, 0, 1, 2, 3, 0]),
        ("reflect", [2, 1, 0, 1, 2, 3, 2]),
        ("replicate", [0, 0, 0, 1, 2, 3, 3]),
        ("circular", [2, 3, 0, 1, 2, 3, 0]),
    ],
)
def test_each_mode_continues_a_row_in_its_way(mode, expected):
    assert pad.forward(X, pad=(2, 1), mode=mode)[0, 0].tolist() == expected


@pytest.mark.parametrize("mode", pad.MODES)
def test_gradient_is_conserved_but_for_a_constant(mode):
    dy = np.arange(7.0)[None, None]
    (dx,) = pad.backward(dy, X, pad=(2, 1), mode=mode)
    assert dx.sum() == (14 if mode == "constant" else 21)


def test_a_negative_pad_crops():
    assert pad.forward(X, pad=(-1, -1))[0, 0].tolist() == [1, 2]


def test_circular_padding_wraps_what_the_crop_has_left():
    """PyTorch crops before it wraps: it wraps 1 2 3, not 0 1 2 3."""
    assert pad.forward(X, pad=(-1, 2), mode="circular")[0, 0].tolist() == [1, 2, 3, 1, 2]


@pytest.mark.of_manual
def test_reflecting_more_than_the_axis_has_is_rejected():
    with pytest.raises(ValueError, match=r"pad\(x=\(1, 1, 4\), pad=\(4, 0\), mode='reflect'\): axis 2 of 4 cells"):
        pad.forward(X, pad=(4, 0), mode="reflect")


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize(
    ("shape", "pads", "mode"),
    [
        ((2, 0), (1, 1), "constant"),
        ((0,), (0, 1), "constant"),
        ((0, 0, 2), (1, -2, 0, 1, 2, 0), "constant"),
        ((2, 3), (-3, 2), "constant"),
        ((2, 0, 1), (1, 1, 0, 0), "circular"),
        ((1, 2, 3), (3, 3), "circular"),
        ((1, 2, 3), (-1, -2), "circular"),
        ((0, 2, 3), (2, 1), "reflect"),
        ((0, 2, 3), (4, 1), "replicate"),
        ((1, 2, 3), (-4, 2), "replicate"),
        ((1, 2, 1), (-1, 0, 1, 1), "reflect"),
        ((1, 2, 1), (-1, 0, 1, 1), "replicate"),
    ],
)
def test_empty_axes_are_padded_and_made_as_in_pytorch(shape, pads, mode):
    """With reflect and replicate, all but one of two or three padded axes can become empty; a single one cannot."""
    x, value = np.arange(1.0, 1 + np.prod(shape)).reshape(shape), 7.0 if mode == "constant" else None
    t = torch.tensor(x, requires_grad=True)
    theirs = F.pad(t, pads, mode, value)
    dy = np.arange(1.0, 1 + theirs.numel()).reshape(theirs.shape)
    assert np.array_equal(pad.forward(x, pad=pads, mode=mode, value=value), theirs.detach())
    (dx,) = torch.autograd.grad(theirs, t, torch.tensor(dy))
    assert np.array_equal(pad.backward(dy, x, pad=pads, mode=mode, value=value)[0], dx)


@pytest.mark.of_manual
@pytest.mark.parametrize(
    ("shape", "pads", "mode"),
    [
        ((2, 3), (-4, 2), "constant"),
        ((2, 3), (-2, -2), "constant"),
        ((1, 2, 0), (0, 1), "circular"),
        ((1, 2, 3), (-2, -2), "circular"),
        ((1, 2, 0), (1, 1), "replicate"),
        ((1, 0, 2), (1, 1), "reflect"),
        ((1, 2, 3), (-2, -1), "reflect"),
    ],
)
def test_pads_that_do_not_fit_the_axes_are_rejected_as_in_pytorch(shape, pads, mode):
    with pytest.raises(RuntimeError):
        F.pad(torch.zeros(shape), pads, mode)
    with pytest.raises(ValueError, match=r"^pad\(x="):
        pad.forward(np.zeros(shape), pad=pads, mode=mode)


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_circular_padding_beyond_what_a_crop_leaves_is_uninitialised_memory():
    """A finding: torch 2.13.0 checks 2 ≤ 3 before the crop, which leaves no element to wrap. Ours raises."""
    assert F.pad(torch.zeros(1, 2, 3), (-4, 2), "circular").shape == (1, 2, 1)
    with pytest.raises(ValueError, match=r"mode='circular'\): axis 2 of 3 cells cannot be padded by -4 and 2"):
        pad.forward(np.zeros((1, 2, 3)), pad=(-4, 2), mode="circular")


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_an_axis_of_negative_size_is_rejected_where_pytorch_makes_one():
    """A finding: for an empty batch, torch 2.13.0's reflect returns an axis of −3 elements."""
    assert F.pad(torch.zeros(0, 2, 2, 1), (-2, -2, 0, 0), "reflect").shape == (0, 2, 2, -3)
    with pytest.raises(ValueError, match=r"axis 3 of 1 cells cannot be padded by -2 and -2"):
        pad.forward(np.zeros((0, 2, 2, 1)), pad=(-2, -2, 0, 0), mode="reflect")
