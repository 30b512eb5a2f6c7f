"""Subjects: importable packages or modules that have some of the ops, or objects from Python."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

DTYPES = ("float64", "float32")
OURS = "cnn_oracle.manual"


class Implementation(NamedTuple):
    """One op, as a module of its own would have it; ``said`` is how it was written.

    ``backward`` is None where there is none. ``dtypes`` are those that it takes, ``refusals`` what it raises for a call
    that it does not take. A module may have all but ``said``, too.
    """

    forward: Callable[..., Any] | None = None
    backward: Callable[..., Any] | None = None
    step: Callable[..., Any] | None = None
    dtypes: tuple[str, ...] = DTYPES
    refusals: tuple[type[Exception], ...] = (ValueError,)
    said: str = "…"


class Subject(NamedTuple):
    """Code on trial: the name to import it by, and what it has under an op's name.

    ``own`` is this project's own code, which is held to more: its refusals name their op, and dtypes are never mixed.
    """

    name: str
    root: Any
    own: bool = False

    def implementation(self, op: str) -> Any | None:
        """What the subject has of that name with ``forward`` and ``backward`` (or ``step``), or None."""
        found = getattr(self.root, op, None)
        if found is None and hasattr(self.root, "__path__") and find_spec(f"{self.name}.{op}"):
            found = _imported(f"{self.name}.{op}")
        return found if hasattr(found, "forward") or hasattr(found, "step") else None

    def forward_only(self, op: str) -> bool:
        """Whether it says that it has no backward, by ``backward = None``; to have none without a word is a fault."""
        return getattr(self.implementation(op), "backward", ...) is None

    def dtypes(self, op: str) -> tuple[str, ...]:
        """The dtypes in which it is judged, the widest first.

        Raises:
            ValueError: it names others.
        """
        named = getattr(self.implementation(op), "dtypes", DTYPES)
        if isinstance(named, str) or not {*named} or not {*named} <= {*DTYPES}:
            raise ValueError(f"subject {self.name!r}: dtypes of {op} must be some of {DTYPES}, not {named!r}")
        return tuple(dtype for dtype in DTYPES if dtype in named)

    def refusals(self, op: str) -> tuple[type[Exception], ...]:
        """What it raises for a call that it does not take."""
        return getattr(self.implementation(op), "refusals", (ValueError,))


def load(name: str) -> Subject:
    """The subject of that importable name. ``manual`` is ours, unless another package of that name can be imported.

    Raises:
        ValueError: it cannot be imported.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"subject {name!r}: give the name that it is imported by, like mykernels, not a path")
    if name == "manual" and not _is_elsewhere(name):
        name = OURS
    return Subject(name, _imported(name), own=name == OURS)


def _is_elsewhere(name: str) -> bool:
    """Whether another module of that name can be imported than the folder of ours, as in a checkout."""
    spec, ours = find_spec(name), find_spec(OURS)
    return spec is not None and ours is not None and spec.origin != ours.origin


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        raise ValueError(f"subject {name!r}: {type(error).__name__}: {error}") from None
