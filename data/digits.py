"""The 1,797 handwritten digits of 8×8 pixels that ship with the code (README.md says where they come from)."""

from pathlib import Path

import numpy as np

from ._dataset import Dataset, as_images

FILE = Path(__file__).with_name("digits.npz")


def read() -> Dataset:
    """The data set: images (N, 1, 8, 8), of which every fifth is for testing.

    The source is ordered by writer. Every fifth image comes from all writers, whereas the last fifth would be from a
    few writers who are not in the training part. The split is the same everywhere and needs no seed.
    """
    with np.load(FILE) as file:
        images = as_images(file["images"], top=16)
        labels = file["labels"].astype(np.int64)
    test = np.arange(len(labels)) % 5 == 4
    split = f"every fifth image tests ({test.sum():,}), the others train ({(~test).sum():,})"
    return Dataset("digits", split, images[~test], labels[~test], images[test], labels[test])
