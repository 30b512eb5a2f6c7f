"""The known disagreements between a package and PyTorch: the entries of the package's TOML file.

Each entry has the fields of ``KnownDisagreement``. ``why`` may have line breaks. ``quantity`` and ``when`` are
optional. ``when`` is the name of a function of conditions.py, or a table of options. For each option, the table gives
the values that match, or "default", or "given" (any other value).
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from inspect import isfunction
from pathlib import Path
from typing import Any, NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.ops import look_up
from cnn_oracle.studies.packages import conditions
from cnn_oracle.studies.packages.options import value

TYPES = {"ops": list, "quantity": str, "when": str | dict, "kind": str, "why": str, "lines": str}


class Class(StrEnum):
    DEFECT = "defect"  # wrong by the package's own documentation, or by mathematics
    CONVENTION = "convention"  # another choice that can be defended: ties, nondifferentiable points, defaults
    PRECISION = "precision"  # cancellation, overflow, downcast


class KnownDisagreement(NamedTuple):
    """A disagreement of ``ops`` in ``quantity`` (y, dx, …; empty: any), on the calls for which ``when`` holds.

    ``why`` justifies the class. ``lines`` are three lines of Python that need only the package, NumPy and PyTorch.
    The last line prints the package's result, then PyTorch's.
    """

    ops: tuple[str, ...]
    quantity: str
    kind: Class
    why: str
    lines: str
    when: Callable[[Call], bool] = lambda _: True

    def covers(self, call: Call, quantity: str) -> bool:
        return call.op in self.ops and self.quantity in ("", quantity) and self.when(call)


@cache
def known_of(package: str) -> tuple[KnownDisagreement, ...]:
    """The known disagreements of ``package``, which need not be installed.

    Raises:
        ValueError: as for ``read``.
    """
    return read(Path(__file__).with_name(f"{package}.toml"))


def read(path: Path) -> tuple[KnownDisagreement, ...]:
    """The entries of a file, in their order.

    Raises:
        ValueError: the file cannot be read, or an entry is not valid. Entries are counted from 1.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from None
    entries = tables.pop("known", [])
    if tables or not isinstance(entries, list):
        raise ValueError(f"{path.name}: holds something other than [[known]]")
    found = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(_known(entry))
        except ValueError as error:
            raise ValueError(f"{path.name}, entry {number}: {error}") from None
    return tuple(found)


def _known(entry: Mapping[str, Any]) -> KnownDisagreement:
    for key, given in entry.items():
        if key not in TYPES:
            raise ValueError(f"unknown key {key!r}")
        if not isinstance(given, TYPES[key]):
            raise ValueError(f"{key} = {given!r}")
    for key in ("ops", "kind", "why", "lines"):
        if not entry.get(key):
            raise ValueError(f"no {key}")
    if entry["kind"] not in [*Class]:
        raise ValueError(f"kind {entry['kind']!r}: it is one of {', '.join(Class)}")
    if len(entry["lines"].splitlines()) != 3:
        raise ValueError("lines must be three lines")
    for op in entry["ops"]:
        look_up(op)
    ops, why = tuple(entry["ops"]), " ".join(entry["why"].split())
    known = KnownDisagreement(ops, entry.get("quantity", ""), Class(entry["kind"]), why, entry["lines"])
    return known._replace(when=_condition(entry["when"], ops)) if "when" in entry else known


def _condition(when: str | Mapping[str, Any], ops: Sequence[str]) -> Callable[[Call], bool]:
    if isinstance(when, str):
        named = getattr(conditions, when, None)
        if not isfunction(named) or named.__module__ != conditions.__name__:  # not its imports
            raise ValueError(f"conditions.py has no {when!r}")
        return named
    for option, meant in when.items():
        for op in ops:
            if option not in look_up(op).options:
                raise ValueError(f"when: {op} has no option {option!r}")
        if not isinstance(meant, list) and meant not in ("given", "default"):
            raise ValueError(f"when: {option} = {meant!r} is neither a list of values nor 'given' nor 'default'")
    return lambda call: all(_is(call, option, meant) for option, meant in when.items())


def _is(call: Call, option: str, meant: str | Sequence[Any]) -> bool:
    given = value(call, option)
    if isinstance(meant, str):
        return (given == look_up(call.op).parameters[option].default) is (meant == "default")
    return given in meant
