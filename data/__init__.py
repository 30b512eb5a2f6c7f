"""The data sets that training is compared on: MNIST, and where it is absent the digits that ship with the code."""

import os
import sys
from pathlib import Path

from . import digits, mnist
from ._dataset import DataError, Dataset, Unavailable

__all__ = ["DataError", "Dataset", "find_mnist", "load"]


def find_mnist(root: Path | None = None) -> Path | None:
    """The torchvision root that has MNIST, or None: `root`, else $MNIST_ROOT, else the user's cache for cnn-oracle.

    Looks only there, for all four files, and not into them; `load` does. Needs no torchvision.
    """
    try:
        folder = mnist.resolve(root)
    except Unavailable:
        return None
    return folder if mnist.is_in(folder) else None


def load(name: str | None = None, root: Path | None = None) -> Dataset:
    """The data set `name`, "digits" or "mnist"; with None MNIST if it is found or can be downloaded, else digits.

    MNIST is looked for, and downloaded, where `find_mnist` looks. It needs torchvision. The download is announced on
    stderr, and so is going on with digits. "digits" looks nowhere and needs neither torch nor torchvision.

    Raises `DataError`, a line, for an unknown name, for a file of MNIST that is not as published and for a `root` that
    cannot be a folder (rather than going on with digits), and with "mnist" when it cannot be had.
    """
    if name not in (None, "digits", "mnist"):
        raise DataError(f'load({name!r}): the data sets are "digits" and "mnist"')
    if name == "digits":
        return digits.read()
    try:
        return _mnist(root)
    except Unavailable as error:
        if name == "mnist":
            raise
        print(f"{error}. Going on with the shipped digits.", file=sys.stderr)
    return digits.read()


def _mnist(root: Path | None) -> Dataset:
    """MNIST, downloaded if need be; `Unavailable` says why it cannot be had."""
    folder = mnist.resolve(root)
    if mnist.named(root) and os.path.exists(folder) and not os.path.isdir(folder):
        raise DataError(f"{folder} is a file, not a folder that has MNIST or takes it")
    torchvision_mnist = mnist.from_torchvision()
    if not mnist.is_in(folder):
        # Late, for what it imports.
        from ._download import download

        download(folder, torchvision_mnist.mirrors)
    return mnist.read(folder, torchvision_mnist)
