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
from random import Random
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from oracle.subjects import Subject

if TYPE_CHECKING:
    from oracle.cases import Case
    from oracle.ops import Op
    from oracle.pytorch import Answers
    from oracle.verdicts import Failure

CALLS = 2  # beside the failing one, to tell mistakes apart
TRIES = 40  # drawn calls among which such a call is looked for

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
        """The mistake on trial like anyone's code."""
        return Subject(f"oracle.mistakes.{self.op}.{self.name}", SimpleNamespace(**{self.op: self.implementation}))


@functools.cache
def of(op: str) -> tuple[Mistake, ...]:
    """The known mistakes of an op: those that it shares with others, then its own, in the order of the files."""
    family = op[:-2] if op.endswith(("1d", "2d", "3d")) else op
    files = (f"oracle.mistakes.{name}" for name in (*SHARED.get(family, ()), op))
    return tuple(m for file in files if find_spec(file) for m in _in_file(op, file))


def _in_file(op: str, file: str) -> Iterator[Mistake]:
    for name, f in vars(import_module(file)).items():
        if isinstance(f, FunctionType) and f.__module__ == file and not name.startswith("_"):
            shared = next(iter(inspect.signature(f).parameters)) == "op"
            yield _mistake(op, name, functools.partial(f, op) if shared else f, f.__doc__ or "")


def _mistake(op: str, name: str, function: Callable[..., Any], description: str) -> Mistake:
    right = import_module(f"manual.{op}")
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


def consistent_with(failure: "Failure") -> list[Mistake]:
    """The op's mistakes that give the failure's very answers on the failure's very case.

    On a lattice the same means bitwise; elsewhere within the rounding bound, as any two right answers would be.
    """
    from oracle.ops import OPS

    if failure.case is None or failure.answers is None:
        return []
    return Known(OPS[failure.call.op], failure.case).matching(failure.answers)


def told_apart(subject: Subject, op: "Op", known: list[Mistake]) -> list[Mistake]:
    """Those of several mistakes that the subject has on calls, two at most, on which they do not all do the same."""
    from oracle.run import everything
    from oracle.verdicts import Failure

    for _ in range(CALLS):
        if len(known) > 1 and (telling := _telling(op, known)):
            try:
                got = everything(subject, op, telling.case)
            except Failure:
                return known
            known = [m for m in known if telling.same(got, m)] or known
    return known


class Known:
    """A case, and what the known mistakes of its op answer to it: no more than is asked for, and each once."""

    def __init__(self, op: "Op", case: "Case") -> None:
        from oracle.compare import tolerance

        self.op, self.case, self.allowed = op, case, tolerance(op, case)
        self._answers: dict[tuple[str, str], Answers] = {}

    def matching(self, answers: "Answers") -> list[Mistake]:
        """The mistakes that give these answers."""
        return [m for m in of(self.op.name) if self.same(answers, m)]

    def wrong(self, mistake: Mistake) -> "Answers | None":
        """What the function that the mistake replaces answers, if that is wrong here."""
        answers = self._of(mistake, {mistake.replaces})
        return None if self._agree(answers, self.case.truth) else answers

    def same(self, answers: "Answers", mistake: Mistake) -> bool:
        """Whether the mistake gives these answers, which need not be all that it has."""
        parts = {"step" if self.op.kind == "step" else "backward" if q[0] == "d" else "forward" for q in answers}
        return self._agree(answers, self._of(mistake, parts))

    def kinds(self, known: list[Mistake]) -> int:
        """How many different answers the mistakes give."""
        parts = {"step"} if self.op.kind == "step" else {"forward", "backward"}
        found: list[Answers] = []
        for mistake in known:
            if not any(self.same(kind, mistake) for kind in found):
                found.append(self._of(mistake, parts))
        return len(found)

    def _agree(self, answers: "Answers", others: "Answers") -> bool:
        from oracle.compare import compare
        from oracle.verdicts import Failure

        try:
            compare(self.case, answers, self.allowed, others)
        except Failure:
            return False
        return True

    def _of(self, mistake: Mistake, parts: set[str]) -> "Answers":
        from oracle import run

        every = {"forward": run.forward, "backward": run.backward, "step": run.steps}
        answers: Answers = {}
        for part in parts:
            key = part, mistake.name if mistake.replaces == part else ""  # the rest of the op is right
            if key not in self._answers:
                self._answers[key] = every[part](mistake.subject, self.case)
            answers |= self._answers[key]
        return answers


def _telling(op: "Op", known: list[Mistake]) -> Known | None:
    """Of drawn cases the one on which the mistakes give the most different answers, if they do not all do the same."""
    best, most = None, 1
    for i in range(TRIES):
        for case in _drawn(op.name, i):
            if (kinds := case.kinds(known)) > most:
                best, most = case, kinds
            if most == len(known):
                return best
    return best


@functools.lru_cache(2 * TRIES)
def _drawn(op: str, i: int) -> list[Known]:
    """The cases of the i-th call among which telling ones are looked for: the same whatever is to be told apart."""
    from oracle.ops import OPS
    from oracle.strategies import random_call
    from oracle.theorems import cases

    return [Known(OPS[op], case) for case in cases(OPS[op], random_call(OPS[op], Random(i)))]
