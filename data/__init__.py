"""The data sets that training is compared on: MNIST, and where it is absent the digits that ship with the code."""

import sys
from pathlib import Path

from data import digits, mnist
from data._dataset import DataError, Dataset

__all__ = ["DataError", "Dataset", "find_mnist", "load"]


def find_mnist(root: Path | None = None) -> Path | None:
    """The torchvision root that has MNIST, or None: `root`, else $MNIST_ROOT, else the folder of this package.

    Looks only there, for all four files, and not into them; `load` does.
    """
    folder = mnist.resolve(root)
    return folder if mnist.is_in(folder) else None


def load(name: str | None = None, root: Path | None = None) -> Dataset:
    """The data set `name`, "digits" or "mnist"; with None MNIST if it is found or can be downloaded, else digits.

    MNIST is looked for, and downloaded, where `find_mnist` looks. The download is announced on stderr, and so is going
    on with digits. "digits" looks nowhere and needs no torch.

    Raises `DataError`, a line, for an unknown name, for a file of MNIST that is not as published (rather than going on
    with digits), and with "mnist" when it is neither there nor to be had.
    """
    if name not in (None, "digits", "mnist"):
        raise DataError(f'load({name!r}): the data sets are "digits" and "mnist"')
    if name == "digits":
        return digits.read()
    folder = mnist.resolve(root)
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file, not a folder that has MNIST or takes it")
    if not mnist.is_in(folder):
        # Late, for what it imports: torch takes a second, and neither digits nor an error above needs it.
        from data._download import DownloadError, download

        try:
            download(folder)
        except DownloadError as error:
            if name == "mnist":
                raise
            print(f"{error} Going on with the shipped digits.", file=sys.stderr)
            return digits.read()
    return mnist.read(folder)
