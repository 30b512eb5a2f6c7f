"""Downloads MNIST from torchvision's mirrors, all files or none, and soon stops if there is no network.

torchvision's own download has no timeout, does not try the next mirror when one stalls, writes its progress bar to log
files, and leaves a partial file when interrupted.
"""

import gzip
import os
import sys
import time
import zlib
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import cast
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from . import mnist
from ._dataset import Unavailable

PATIENCE = 4.0  # seconds without a response after which a mirror counts as unavailable
COMPRESSED = 11_594_722  # bytes of the four .gz together


def download(root: Path, mirrors: list[str]) -> None:
    """Download the four files into root/MNIST/raw.

    Nothing is left there after an error or an interrupt.

    Raises:
        Unavailable: the download fails, or the place cannot be written.
    """
    print(f"downloading MNIST (11 MB) into {root}", file=sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
    try:
        mirrors = _answering(mirrors)
        root.mkdir(parents=True, exist_ok=True)
        # Inside root, so that the last step is a rename within one file system.
        with TemporaryDirectory(prefix=".mnist-", dir=root) as folder, progress:
            task = progress.add_task("MNIST", total=COMPRESSED)
            for name in mnist.FILES:
                content = _fetch(name, mirrors, lambda size: progress.advance(task, size))
                Path(folder, name).write_bytes(content)
            mnist.raw(root).mkdir(parents=True, exist_ok=True)
            for name in mnist.FILES:
                os.replace(Path(folder, name), mnist.raw(root) / name)
    except OSError as error:
        why = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise Unavailable(f"MNIST is not in {root} and cannot be downloaded: {why}; {mnist.ADVICE}") from error


def _open(url: str, method: str) -> HTTPResponse:
    request = Request(url, headers={"User-Agent": "cnn-oracle"}, method=method)
    return cast(HTTPResponse, urlopen(request, timeout=PATIENCE))


def _answering(mirrors: list[str]) -> list[str]:
    """The mirrors that have the files and respond in time.

    The requests run in threads that may be abandoned: a timeout limits neither the look-up of a name nor the number of
    addresses that are tried after it.

    Raises:
        OSError: there are none.
    """
    answered: set[str] = set()

    def ask(mirror: str) -> None:
        try:
            with _open(f"{mirror}{next(iter(mnist.FILES))}.gz", "HEAD"):
                answered.add(mirror)
        except HTTPError as error:
            error.close()
        except (OSError, HTTPException):
            pass

    threads = [Thread(target=ask, args=(mirror,), daemon=True) for mirror in mirrors]
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if not answered:
        raise OSError(f"no mirror answers ({', '.join(urlsplit(mirror).netloc for mirror in mirrors)})")
    return [mirror for mirror in mirrors if mirror in answered]


def _fetch(name: str, mirrors: list[str], advance: Callable[[int], None]) -> bytes:
    """The content of the file `name` from the first mirror that has it as published.

    Raises:
        OSError: none has; the message says what is wrong at the last mirror.
    """
    why = ""
    for mirror in mirrors:
        packed = bytearray()
        try:
            with _open(f"{mirror}{name}.gz", "GET") as response:
                while chunk := response.read(1 << 16):
                    packed += chunk
                    advance(len(chunk))
            content = gzip.decompress(packed)
        except (OSError, EOFError, HTTPException, zlib.error) as error:
            what: str | None = f"does not arrive ({error})"
        else:
            what = mnist.fault(name, content)
            if what is None:
                return content
        why = f"{name} from {urlsplit(mirror).netloc} {what}"
    raise OSError(why)
