"""Laws of padding."""

import numpy as np
import pytest

from manual import pad

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
    """PyTorch crops before it wraps: of 1 2 3, not of 0 1 2 3."""
    assert pad.forward(X, pad=(-1, 2), mode="circular")[0, 0].tolist() == [1, 2, 3, 1, 2]


def test_reflecting_more_than_there_is_is_refused():
    with pytest.raises(ValueError, match=r"pad\(x=\(1, 1, 4\), pad=\(4, 0\), mode='reflect'\): axis 2 of 4 cells"):
        pad.forward(X, pad=(4, 0), mode="reflect")
