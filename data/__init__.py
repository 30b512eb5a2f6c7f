"""The data sets of the training comparison: MNIST, or the digits that ship with the code if MNIST is unavailable."""

import os
import sys
from pathlib import Path

from . import digits, mnist
from ._dataset import DataError, Dataset, Unavailable

__all__ = ["DataError", "Dataset", "find_mnist", "load"]


def find_mnist(root: Path | None = None) -> Path | None:
    """The torchvision root that has MNIST, or None: `root`, else $MNIST_ROOT, else the user's cache for cnn-oracle.

    It looks only there, and checks only that all four files exist; `load` checks their content. torchvision is not
    needed.
    """
    try:
        folder = mnist.resolve(root)
    except Unavailable:
        return None
    return folder if mnist.is_in(folder) else None


def load(name: str | None = None, root: Path | None = None) -> Dataset:
    """The data set `name`, "digits" or "mnist"; with None, MNIST if it is found or can be downloaded, else digits.

    MNIST is searched for, and downloaded to, where `find_mnist` looks. It needs torchvision. A line on stderr announces
    the download, and another the use of digits instead. "digits" searches nowhere and needs neither torch nor
    torchvision.

    Raises:
        DataError: the name is unknown, a file of MNIST is not as published, or `root` cannot be a folder (digits are
            not used instead); or the name is "mnist" and MNIST is unavailable.
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
    """MNIST, downloaded if necessary.

    Raises:
        Unavailable: torchvision is unavailable, or MNIST is not there and cannot be downloaded.
        DataError: a file of MNIST cannot be read or is not as published, or the place given by the user is a file.
    """
    folder = mnist.resolve(root)
    if mnist.named(root) and os.path.exists(folder) and not os.path.isdir(folder):
        raise DataError(f"{folder} is a file, not a folder that has MNIST or takes it")
    torchvision_mnist = mnist.from_torchvision()
    if not mnist.is_in(folder):
        # Imported only when needed: it imports rich.
        from ._download import download

        download(folder, torchvision_mnist.mirrors)
    return mnist.read(folder, torchvision_mnist)
