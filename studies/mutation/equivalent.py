"""The equivalent mutants, each with its reason, as the files of reasons/ list them."""

import tomllib
from functools import cache
from pathlib import Path

from cnn_oracle.studies.mutation.mutants import Mutant


def reason(mutant: Mutant) -> str | None:
    """Why the mutant changes no result that the contract defines; None if it may change one."""
    return reasons().get(name_of(mutant))


def name_of(mutant: Mutant) -> str:
    return f"{mutant.file}.{mutant}"


@cache
def reasons() -> dict[str, str]:
    """The reasons, by the name of the mutant.

    Raises:
        ValueError: a mutant is listed twice.
    """
    files = sorted(Path(__file__).with_name("reasons").glob("*.toml"))
    groups = [group for file in files for group in tomllib.loads(file.read_text())["equivalent"]]
    pairs = [(mutant, group["reason"]) for group in groups for mutant in group["mutants"]]
    if len(found := dict(pairs)) < len(pairs):
        twice = next(edit for edit, _ in pairs if [e for e, _ in pairs].count(edit) > 1)
        raise ValueError(f"reasons/ lists {twice!r} twice")
    return found
