"""Laws of pixel_unshuffle."""

import numpy as np
import pytest

from cnn_oracle.manual import pixel_shuffle, pixel_unshuffle


def test_is_undone_by_pixel_shuffle():
    x = np.arange(2.0 * 4 * 6).reshape(1, 2, 4, 6)
    assert np.array_equal(pixel_shuffle.forward(pixel_unshuffle.forward(x, downscale_factor=2), upscale_factor=2), x)


@pytest.mark.of_manual
def test_a_height_that_is_no_multiple_is_rejected():
    with pytest.raises(
        ValueError, match=r"pixel_unshuffle\(x=\(1, 1, 3, 4\)\): height and width must be multiples of 2"
    ):
        pixel_unshuffle.forward(np.ones((1, 1, 3, 4)), downscale_factor=2)
