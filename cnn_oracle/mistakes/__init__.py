"""Known mistakes: classic wrong derivations of each op. They name likely causes and show that the suite rejects them.

There is one file per op. Each mistake is a function with the name of the mistake. Its docstring says what goes wrong.
Its first parameters say what it replaces: ``dy`` a backward, ``w, dw, state`` a step, anything else a forward. The rest
of the op is right. Mistakes that several ops share are in private files. Their functions take the op's name first.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle import subject
from cnn_oracle.subject import Subject

PREFIX = "cnn_oracle.mistakes"

# The private files of mistakes that ops share, by the op's name without 1d, 2d or 3d
SHARED = {
    "conv": ("_convolution", "_channels"),
    "conv_transpose": ("_transposed", "_channels"),
    "unfold": ("_columns",),
    "fold": ("_columns",),
    "max_pool": ("_max_pool",),
    "avg_pool": ("_avg_pool",),
    "adaptive_avg_pool": ("_adaptive",),
    "adaptive_max_pool": ("_adaptive",),
    "pixel_shuffle": ("_pixels",),
    "pixel_unshuffle": ("_pixels",),
}


class Mistake(NamedTuple):
    """One wrong derivation: its op, its name, what it replaces, what goes wrong, and the op with it in place."""

    op: str
    name: str
    replaces: str  # forward, backward or step
    description: str
    implementation: Any

    @property
    def subject(self) -> Subject:
        """The mistake as a subject, like any other code under test."""
        return Subject(f"{PREFIX}.{self.op}.{self.name}", SimpleNamespace(**{self.op: self.implementation}))


@functools.cache
def of(op: str) -> tuple[Mistake, ...]:
    """The known mistakes of an op: first those that it shares with others, then the rest, in the order of the files."""
    return tuple(m for file in files(op) for m in _in_file(op, file))


def files(op: str) -> list[str]:
    """The modules of an op's mistakes, the shared ones first."""
    family = op[:-2] if op.endswith(("1d", "2d", "3d")) else op
    every = (f"{PREFIX}.{name}" for name in (*SHARED.get(family, ()), op))
    return [file for file in every if find_spec(file)]


def _in_file(op: str, file: str) -> Iterator[Mistake]:
    for name, f in vars(import_module(file)).items():
        if isinstance(f, FunctionType) and f.__module__ == file and not name.startswith("_"):
            shared = next(iter(inspect.signature(f).parameters)) == "op"
            yield _mistake(op, name, functools.partial(f, op) if shared else f, f.__doc__ or "")


def _mistake(op: str, name: str, function: Callable[..., Any], description: str) -> Mistake:
    right = import_module(f"cnn_oracle.manual.{op}")
    first = next(iter(inspect.signature(function).parameters))
    place = "backward" if first == "dy" else "step" if hasattr(right, "step") else "forward"
    correct = getattr(right, place)

    @functools.wraps(correct)
    def wrong(*arguments: Any, **keywords: Any) -> Any:
        correct(*arguments, **keywords)  # raises the same errors: only the mathematics is wrong
        with np.errstate(all="ignore"):  # a wrong result may be infinite
            return function(*arguments, **keywords)

    implementation = SimpleNamespace(**(vars(right) | {place: wrong}))
    return Mistake(op, name, place, " ".join(description.split()), implementation)


def load(name: str) -> Subject:
    """Load a subject by name: an op with a known mistake in place, or any importable code, as ``subject.load``.

    Raises:
        ValueError: there is no such mistake, or the code cannot be imported.
    """
    if name != PREFIX and not name.startswith(f"{PREFIX}."):
        return subject.load(name)
    op, _, mistake = name.removeprefix(PREFIX).lstrip(".").partition(".")
    known = {m.name: m for m in of(op)}
    if mistake not in known:
        names = ", ".join(known) or "none; see the files of cnn_oracle/mistakes"
        raise ValueError(f"subject {name!r}: the known mistakes of {op or 'an op'} are {names}")
    return known[mistake].subject._replace(loader=load)
