"""What `load` returns and raises."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class DataError(RuntimeError):
    """A data set is unavailable or not as it should be. The message is one line and says what to do."""


class Unavailable(DataError):
    """MNIST is unavailable here, but nothing that the user gave is wrong: digits may be used instead."""


class Dataset(NamedTuple):
    """Grey images and their labels; N differs between train and test, H and W do not."""

    name: str  # "digits" or "mnist"
    split: str  # in words, for people and results
    train_images: NDArray[np.float64]  # (N, 1, H, W) in [0, 1], 1 is ink
    train_labels: NDArray[np.int64]  # (N,) in 0..9
    test_images: NDArray[np.float64]
    test_labels: NDArray[np.int64]


def as_images(levels: NDArray[Any], *, top: int) -> NDArray[np.float64]:
    """(N, H, W) grey levels in 0..top to (N, 1, H, W) in [0, 1]."""
    images: NDArray[np.float64] = np.divide(levels[:, None], top, dtype=np.float64)
    return images
