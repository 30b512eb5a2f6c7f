"""Convolution in blocks: memory does not grow with the batch."""

import tracemalloc

import numpy as np
import pytest

from cnn_oracle.manual import conv2d


@pytest.mark.parametrize("images", [4, 64])
def test_memory_does_not_grow_with_the_batch(images):
    """Besides its results, conv2d needs less than 64 MiB. All windows of 64 such images would need 226 MiB."""
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((images, 64, 28, 28)), rng.standard_normal((64, 64, 3, 3)), np.zeros(64)
    dy = rng.standard_normal((images, 64, 28, 28))
    tracemalloc.start()
    try:
        y = conv2d.forward(x, w, b, padding=1)
        gradients = conv2d.backward(dy, x, w, b, padding=1)
        extra = tracemalloc.get_traced_memory()[1] - sum(a.nbytes for a in (y, *gradients))
    finally:
        tracemalloc.stop()
    assert extra < 64 * 2**20
