"""What the report's numbers come from: the JSON that the other commands write, kept in one folder.

Each result is a file of the name below, as ``python -m oracle verify --json`` and the like write it. The short ones are
run where their file is missing; the long ones are not, and the page says by which command they would be.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from oracle.files import write_atomically

Results = Mapping[str, Any]  # name below → what its file holds; a name is missing where nothing was run
Progress = Callable[..., None]  # (what is done, of how many, how many of these now)

SHORT = {
    "verify": "python -m oracle verify --json {}",
    "train": "python -m oracle train --dataset digits --json {}",
    "train-float32": "python -m oracle train --dataset digits --dtype float32 --json {}",
}
LONG = {
    "mistakes": "python -m oracle mistakes --json {}",
    "mutants": "python -m oracle mutants --ladder --json {}",
    "benchmarks": "python -m benchmarks --json {}",
}


def command(name: str, folder: Path) -> str:
    """The shell line that makes a result."""
    return (SHORT | LONG)[name].format(_file(folder, name))


def load(folder: Path) -> dict[str, Any]:
    """The results that are there.

    Raises:
        ValueError: a file holds no JSON.
    """
    found = {}
    for name in SHORT | LONG:
        path = _file(folder, name)
        if path.exists():
            try:
                found[name] = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ValueError(f"result {str(path)!r}: no JSON ({error}); delete it, or run it again") from None
    return found


def complete(folder: Path, found: Results, progress: Callable[[str], Progress]) -> Results:
    """The results with the short ones run that are missing, and written to ``folder``, which is made."""
    raise NotImplementedError


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"
