"""Recreates digits.npz: `python -m cnn_oracle.data.make_digits`. Only this needs scikit-learn."""

import hashlib
import os
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits  # type: ignore  # untyped, or not installed

from .digits import FILE


def make(path: Path) -> None:
    """Write images (1797, 8, 8) in 0..16 and labels (1797,), both uint8, and print the checksums of README.md.

    The arrays are always the same. NumPy dates them 1980, so the file is also the same wherever zlib is the same.
    """
    source = load_digits()
    arrays = {"images": source.images.astype(np.uint8), "labels": source.target.astype(np.uint8)}
    if not np.array_equal(arrays["images"], source.images):
        raise ValueError("load_digits() no longer has whole grey levels in 0..16")

    unfinished = path.with_suffix(".tmp")
    with unfinished.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    os.replace(unfinished, path)

    print(f"{path.name:10} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    for name, array in arrays.items():
        print(f"{name:10} {hashlib.sha256(array.tobytes()).hexdigest()}")


if __name__ == "__main__":
    make(FILE)
