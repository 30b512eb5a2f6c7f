"""The numbers in the figures: a shipped digit, and small integers whose sums are easy to follow."""

import numpy as np

from cnn_oracle import data
from cnn_oracle.manual._typing import Array

LEVELS = 16  # of grey, besides white


def digit(index: int = 12) -> Array:
    """A test image of the shipped digits (8, 8), levels 0 … 16 of ink."""
    image: Array = LEVELS * data.load("digits").test_images[index, 0]
    return image


def integers(*shape: int, top: int = 3, seed: int = 0) -> Array:
    """Integers −top … top without 0, in floating point."""
    rng = np.random.default_rng(seed)
    return rng.choice([-1.0, 1.0], shape) * rng.integers(1, top + 1, shape)
