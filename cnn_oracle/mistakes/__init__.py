"""The classic wrong derivations, one file per op: they name a cause, prove that the suite rejects it, and teach.

A mistake is a function: its name is the mistake's name, its docstring says what goes wrong, its first parameter what it
replaces: ``dy`` makes it a backward, ``w, dw, state`` a step, anything else a forward. The rest of the op is right.
What several ops have in common stands in private files, whose functions are told the op's name before all else.
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

# The private files of mistakes that ops have in common, by what is in front of 1d, 2d and 3d
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
    """One wrong derivation: the op it is of, its name, one line on what goes wrong, and the op with it in place."""

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
    """The known mistakes of an op: those that it shares with others, then its own, in the order of the files."""
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
        correct(*arguments, **keywords)  # refuses what the right one refuses: only the mathematics is wrong
        with np.errstate(all="ignore"):  # what is wrong may be infinite, too
            return function(*arguments, **keywords)

    implementation = SimpleNamespace(**(vars(right) | {place: wrong}))
    return Mistake(op, name, place, " ".join(description.split()), implementation)


def load(name: str) -> Subject:
    """The subject of that name: an op with a known mistake in place, or any importable code, as ``subject.load``.

    Raises:
        ValueError: there is no such mistake, or it cannot be imported.
    """
    if name != PREFIX and not name.startswith(f"{PREFIX}."):
        return subject.load(name)
    op, _, mistake = name.removeprefix(PREFIX).lstrip(".").partition(".")
    known = {m.name: m for m in of(op)}
    if mistake not in known:
        names = ", ".join(known) or "none; see the files of cnn_oracle/mistakes"
        raise ValueError(f"subject {name!r}: the known mistakes of {op or 'an op'} are {names}")
    return known[mistake].subject._replace(loader=load)
