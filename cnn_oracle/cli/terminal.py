"""What all commands share for the terminal and for files: options, tables, progress, complete writes."""

import contextlib
import json
import os
import re
import secrets
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cnn_oracle.diagnosis import ErrorMap

Json = Annotated[Path | None, typer.Option(help="Also write the result as JSON to this file; - is standard output.")]
Html = Annotated[
    Path | None,
    typer.Option(help="Also write the result as a page that shows where outputs are wrong; - is standard output."),
]
Seed = Annotated[str, typer.Option(help="The number that fixes all random choices; random chooses one and prints it.")]
Subjects = Annotated[
    str | None,
    typer.Argument(
        help="An importable package or module with some of the ops, or file.py, or file.py:name; "
        "default: that of the settings, or manual."
    ),
]
Ops = Annotated[list[str] | None, typer.Option(help="Only this op; may be given again.")]
Jobs = Annotated[int | None, typer.Option(help="Number of processes; default: all cores.", min=1)]
JobsOfCheck = Annotated[
    int | None,
    typer.Option(
        help="Number of processes; default: all cores. With 1, no other process is started, unless calls are isolated.",
        min=1,
    ),
]
Timeout = Annotated[
    float | None,
    typer.Option(help="Seconds to wait for a call in another process; after that it is CRASHED. Default 60.", min=0.1),
]

STDOUT = Path("-")
BAD = {"WRONG", "CRASHED", "NONDETERMINISTIC", "CONTRACT", "CONVENTION", "VACUOUS", "NOT COVERED"}
COLOURS = {"EXACT": "green", "BOUNDED": "cyan", "NORMWISE": "yellow"}
NUMBER = re.compile(r"|[\d.,]+(e[+-]\d+)?%?")


def table(header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    """A table with a header. Numbers align right, verdicts have colours on a terminal, long names are not cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for title, *cells in zip(header, *rows, strict=True):
        numbers = bool(rows) and all(NUMBER.fullmatch(cell) for cell in cells)
        table.add_column(title, justify="right" if numbers else "left", overflow="fold")
    for row in rows:
        bad = "red" if BAD & {*row} else None
        table.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row), style=bad)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def print_map(one: "ErrorMap") -> None:
    """Print a map of errors. On a terminal it has colours, and is as wide as the terminal at most."""
    from rich.console import Console
    from rich.text import Text

    from cnn_oracle.maps.text import WIDTH, drawn

    if not sys.stdout.isatty():
        print("\n".join([*chain(*drawn(one)), ""]), end="")
        return
    console = Console(highlight=False)
    caption, picture = drawn(one, min(WIDTH, console.width))
    for line in caption:
        print(line)
    for line in picture:
        text = Text(line, no_wrap=True)
        text.highlight_regex(r"[#+](?:[ #+]*[#+])?", "bold red")
        text.highlight_regex(r"[.~](?:[ .~]*[.~])?", "dim")
        console.print(text, overflow="ignore", crop=False)


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Any]:
    """A bar with the remaining time on a terminal's standard error; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True,
        redirect_stdout=sys.stdout.isatty(),  # else other output would go to standard error
    ) as progress:  # fmt: skip
        task = progress.add_task(what, total=total or None)
        of: float | None = total

        def advance(what: str, total: float | None = total, done: int = 1) -> None:
            nonlocal task, of
            if done and total != of:  # a new count has begun
                progress.remove_task(task)
                task, of = progress.add_task(what, total=total), total
            progress.update(task, description=what, advance=done)

        yield advance


@contextlib.contextmanager
def only_result(*paths: Path | None) -> Iterator[None]:
    """If a result goes to standard output, send all other output, also from compiled code, to standard error.

    Raises:
        ValueError: two results go there.
    """
    if paths.count(STDOUT) > 1:
        raise ValueError("only one result can go to standard output: name a file for the other one")
    if STDOUT not in paths:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def seed_of(text: str) -> int:
    """The seed as a number. For "random", draw one and print it."""
    if text == "random":
        seed = secrets.randbelow(2**32)
        print(f"--seed {seed}", file=sys.stderr)
        return seed
    if not text.isdecimal():
        raise ValueError(f"--seed {text}: must be a whole number from 0 on, or random")
    return int(text)


def sizes_of(text: str | None, option: str) -> tuple[int, ...]:
    """Comma-separated sizes as numbers; none for None.

    Raises:
        ValueError: the text has something else. The message names the option.
    """
    from cnn_oracle.settings import LARGEST

    parts = [] if text is None else [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 0 < int(part) <= LARGEST for part in parts):
        raise ValueError(f"{option} {text}: must be whole numbers from 1 to {LARGEST:,}, separated by commas")
    return tuple(map(int, parts))


def usage_error(why: str, **options: Any) -> None:
    """Reject options that would have no effect.

    Raises:
        ValueError: such an option is given.
    """
    if given := [name for name, value in options.items() if value not in (None, False, [], ())]:
        raise ValueError(f"--{given[0].replace('_', '-')} has no effect here: {why}")


def check_folder(*paths: Path | None) -> None:
    """Reject files that cannot be written, before the computation starts."""
    for path in paths:
        if path is None or path == STDOUT:
            continue
        if path.is_dir():
            raise ValueError(f"file {str(path)!r}: it is a folder")
        if not path.absolute().parent.is_dir():
            raise ValueError(f"file {str(path)!r}: there is no folder {str(path.parent)!r}")


def write(path: Path | None, result: Any) -> None:
    if path is not None:
        put(path, json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def put(path: Path, text: str) -> None:
    if path == STDOUT:
        sys.stdout.write(text)
    else:
        from cnn_oracle.environment import write_atomically

        write_atomically(path, text)
