"""The source of the report's numbers: the JSON that other commands write, in one folder.

Each result is a file with a name below, written by a command such as ``cnn-oracle verify --json``. If a file is
missing, the report runs a short command itself. For a long one, the page names the command.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from cnn_oracle import manual
from cnn_oracle.environment import write_atomically
from cnn_oracle.subject import OURS

Results = Mapping[str, Any]  # name below → contents of its file; no name if it was not run
Progress = Callable[[str, int | None, int], None]  # the task, the total, and the number of new steps

SHORT = {
    "verify": "cnn-oracle verify --json {}",
    "train": "cnn-oracle train --dataset digits --json {}",
    "train-float32": "cnn-oracle train --dataset digits --dtype float32 --json {}",
}
LONG = {
    "mistakes": "cnn-oracle study mistakes --json {}",
    "mutants": "cnn-oracle study mutation --baselines --json {}",
    "benchmarks": "cnn-oracle study benchmarks --json {}",
}


KEYS = {"verify": "ops", "train": "steps", "train-float32": "steps", "mutants": "baselines", "benchmarks": "times"}


def command(name: str, folder: Path) -> str:
    """The shell line that makes a result."""
    return (SHORT | LONG)[name].format(_file(folder, name))


def load(folder: Path) -> dict[str, Any]:
    """The results that exist.

    Raises:
        ValueError: a file does not have the form that its command writes.
    """
    paths = {name: _file(folder, name) for name in SHORT | LONG}
    return {name: _read(name, path) for name, path in paths.items() if path.exists()}


def _read(name: str, path: Path) -> Any:
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        result = None
    if not (isinstance(result, list) if name not in KEYS else isinstance(result, dict) and KEYS[name] in result):
        raise ValueError(f"result {str(path)!r}: not what {name} --json writes; delete it, or run it again")
    if name == "verify" and result["subject"] != OURS:
        raise ValueError(f"result {str(path)!r}: of {result['subject']!r}, and the report is of {OURS!r}")
    return result


def complete(folder: Path, found: dict[str, Any], progress: Progress) -> None:
    """Run the short commands that ``found`` lacks. Add the results to it and to ``folder``, which is created."""
    for name, run in RUNS.items():
        if name not in found:
            folder.mkdir(exist_ok=True)
            text = run(progress)
            write_atomically(_file(folder, name), text)
            found[name] = json.loads(text)


def outdated(folder: Path) -> list[str]:
    """The results that are older than the code that they describe."""
    code = max(path.stat().st_mtime for path in Path(manual.__file__).parent.rglob("*.py"))
    paths = {name: _file(folder, name) for name in SHORT | LONG}
    return [name for name, path in paths.items() if path.exists() and path.stat().st_mtime < code]


def _verify(progress: Progress) -> str:
    from cnn_oracle import one_call, survey, verification
    from cnn_oracle.mistakes import load

    subject = load(OURS)
    calls = verification.EXAMPLES * len(one_call.covered(subject))
    run = survey.here(subject, calls, None)
    rows = list(survey.verify(subject, run=run, progress=lambda op, done, total: progress(f"verify {op}", total, done)))
    return json.dumps(verification.to_json(subject, rows), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _train(progress: Progress, dtype: str = "float64") -> str:
    from cnn_oracle import data
    from cnn_oracle.training import train

    def on_step(_: int, total: int) -> None:
        progress(f"train in {dtype}", total, 1)

    return train.to_json(train.compare(data.load("digits"), dtype=dtype, on_step=on_step))


RUNS: dict[str, Callable[[Progress], str]] = {
    "verify": _verify,
    "train": _train,
    "train-float32": partial(_train, dtype="float32"),
}


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"
