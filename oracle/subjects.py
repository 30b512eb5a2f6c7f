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
            found = import_module(f"{self.name}.{op}")
        return found if hasattr(found, "forward") or hasattr(found, "step") else None


def load(name: str) -> Subject:
    """The subject of that importable name; one of oracle.mistakes is an op with that mistake in place.

    Raises:
        ValueError: it cannot be imported.
    """
    from oracle import mistakes

    op, _, mistake = name.removeprefix("oracle.mistakes.").partition(".")
    for known in mistakes.of(op) if name.startswith("oracle.mistakes.") else ():
        if known.name == mistake:
            return known.subject
    try:
        return Subject(name, import_module(name))
    except ImportError as error:
        raise ValueError(f"subject {name!r}: {error}") from None
