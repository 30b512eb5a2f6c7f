"""Subjects: importable packages or modules that have some of the ops, ``manual`` by default."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple


class Subject(NamedTuple):
    """Code on trial: the name to import it by, and what it has under an op's name."""

    name: str
    root: Any

    def implementation(self, op: str) -> Any | None:
        """What the subject has of that name with ``forward`` and ``backward`` (or ``step``), or None."""
        found = getattr(self.root, op, None)
        if found is None and hasattr(self.root, "__path__") and find_spec(f"{self.name}.{op}"):
            found = _imported(f"{self.name}.{op}")
        return found if hasattr(found, "forward") or hasattr(found, "step") else None


def load(name: str) -> Subject:
    """The subject of that importable name; one of oracle.mistakes is an op with that mistake in place.

    Raises:
        ValueError: it cannot be imported.
    """
    if not name.startswith("oracle.mistakes"):
        return Subject(name, _imported(name))
    from oracle import mistakes

    op, _, mistake = name.removeprefix("oracle.mistakes").lstrip(".").partition(".")
    known = {m.name: m for m in mistakes.of(op)}
    if mistake not in known:
        names = ", ".join(known) or "none; see the files of oracle/mistakes"
        raise ValueError(f"subject {name!r}: the known mistakes of {op or 'an op'} are {names}")
    return known[mistake].subject


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        raise ValueError(f"subject {name!r}: {type(error).__name__}: {error}") from None
