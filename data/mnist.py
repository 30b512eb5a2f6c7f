"""MNIST as torchvision.datasets.MNIST stores it: a root, and in it MNIST/raw with four files."""

import hashlib
import os
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ._dataset import DataError, Dataset, Unavailable, as_images

if TYPE_CHECKING:
    from ._torchvision import MNIST

# Size in bytes and SHA-256. torchvision checks only the MD5 of the .gz, and only when it downloads.
FILES = {
    "train-images-idx3-ubyte": (47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    "train-labels-idx1-ubyte": (60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    "t10k-images-idx3-ubyte": (7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    "t10k-labels-idx1-ubyte": (10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
}

ADVICE = "name a folder that has it, or can take it, with --root or MNIST_ROOT"


def named(root: Path | None) -> Path | str | None:
    """The place that the user gave: `root`, else $MNIST_ROOT."""
    return root or os.environ.get("MNIST_ROOT")


def resolve(root: Path | None) -> Path:
    """The only place that is searched for MNIST: `root`, else $MNIST_ROOT, else the user's cache for cnn-oracle."""
    place = named(root)
    try:
        return Path(place or _cache()).expanduser()
    except RuntimeError as error:
        if place:
            raise DataError(f"{place} is in a home folder that is unknown") from error
        raise Unavailable(f"MNIST has no cache folder, because the home folder is unknown; {ADVICE}") from error


def _cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("cnn-oracle")


def raw(root: Path) -> Path:
    """The folder of the four files."""
    return root / "MNIST" / "raw"


def is_in(root: Path) -> bool:
    """Whether all four files exist; torchvision checks no more than that."""
    return all(os.path.isfile(raw(root) / name) for name in FILES)


def fault(name: str, content: bytes) -> str | None:
    """What is wrong with this content of the file `name`, as words that follow the file's name; None if nothing is."""
    size, sha256 = FILES[name]
    if len(content) != size:
        kind = "truncated" if len(content) < size else "not MNIST's"
        return f"has {len(content):,} bytes, should have {size:,}: {kind}"
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        return f"is corrupt: its SHA-256 is {found[:12]}…, should be {sha256[:12]}…"
    return None


def from_torchvision() -> "type[MNIST]":
    """torchvision's MNIST.

    Call it only when needed: it imports torch, which takes a second.

    Raises:
        Unavailable: torchvision is not installed or cannot be imported.
    """
    if find_spec("torchvision") is None:
        torch = version("torch").partition("+")[0]  # pinned, so that pip does not replace it
        raise Unavailable(
            f'MNIST needs torchvision, which is not installed: pip install "cnn-oracle[train]" torch=={torch}'
        )
    try:
        from ._torchvision import MNIST
    except Exception as error:  # an import may raise anything: an OSError if a library does not load
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise Unavailable(f"MNIST needs torchvision, which cannot be imported ({why})") from error
    return MNIST


def read(root: Path, torchvision_mnist: "type[MNIST]") -> Dataset:
    """MNIST's 60,000 and 10,000 images, (N, 1, 28, 28).

    Raises:
        DataError: a file is not as published, or cannot be read; the message names it.
    """
    for name in FILES:
        path = raw(root) / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}") from error
        if what := fault(name, content):
            raise DataError(f"{path} {what}; delete it and run again")
    train, test = torchvision_mnist(root, train=True), torchvision_mnist(root, train=False)
    return Dataset(
        "mnist",
        f"MNIST's own, {len(train):,} train, {len(test):,} test",
        as_images(train.data.numpy(), top=255),
        train.targets.numpy().astype(np.int64),
        as_images(test.data.numpy(), top=255),
        test.targets.numpy().astype(np.int64),
    )
