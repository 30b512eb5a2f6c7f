"""Laws of pixel_shuffle."""

import numpy as np
import pytest
import torch

from cnn_oracle.manual import pixel_shuffle, pixel_unshuffle


def test_interleaves_channels_in_row_order():
    assert pixel_shuffle.forward(np.arange(4.0).reshape(1, 4, 1, 1), upscale_factor=2).tolist() == [[[[0, 1], [2, 3]]]]


def test_is_undone_by_pixel_unshuffle():
    x = np.arange(2.0 * 18 * 2 * 3).reshape(2, 18, 2, 3)
    assert np.array_equal(pixel_unshuffle.forward(pixel_shuffle.forward(x, upscale_factor=3), downscale_factor=3), x)


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_an_empty_image_has_a_gradient_here_and_none_in_pytorch():
    """A finding: for an empty height, torch 2.13.0's backward returns a wrong shape, and autograd raises."""
    x = torch.zeros(1, 4, 0, 2, requires_grad=True)
    y = torch.nn.functional.pixel_shuffle(x, 2)
    with pytest.raises(RuntimeError, match="PixelShuffleBackward0 returned an invalid gradient"):
        torch.autograd.grad(y, x, torch.zeros(y.shape))
    (dx,) = pixel_shuffle.backward(np.zeros((1, 1, 0, 4)), np.zeros((1, 4, 0, 2)), upscale_factor=2)
    assert dx.shape == (1, 4, 0, 2)
