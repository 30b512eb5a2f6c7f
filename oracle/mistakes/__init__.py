"""The classic wrong derivations, one file per op: they name a cause, prove that the suite rejects it, and teach.

A mistake is a function: its name is the mistake's name, its docstring says what goes wrong, its first parameter what it
replaces: ``dy`` makes it a backward, ``w, dw, state`` a step, anything else a forward. The rest of the op is right.
"""

import functools
import inspect
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


def of(op: str) -> list[Mistake]:
    """The known mistakes of an op, in the order of its file."""
    if not find_spec(f"oracle.mistakes.{op}"):
        return []
    functions = vars(import_module(f"oracle.mistakes.{op}")).values()
    own = [f for f in functions if isinstance(f, FunctionType) and f.__module__ == f"oracle.mistakes.{op}"]
    return [_mistake(op, f) for f in own if not f.__name__.startswith("_")]


def _mistake(op: str, function: FunctionType) -> Mistake:
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
    return Mistake(op, function.__name__, place, " ".join((function.__doc__ or "").split()), implementation)


def consistent_with(failure: "Failure") -> list[Mistake]:
    """The op's mistakes that give the failure's very answers on the failure's very case.

    On a lattice the same means bitwise; elsewhere within the rounding bound, as any two right answers would be.
    """
    from oracle.ops import OPS

    if failure.case is None or failure.answers is None:
        return []
    op = OPS[failure.call.op]
    return [m for m in of(op.name) if _same(op, failure.case, failure.answers, _answers(m, op, failure.case))]


def told_apart(subject: Subject, op: "Op", known: list[Mistake]) -> list[Mistake]:
    """Those of several mistakes that the subject has on calls, two at most, on which they do not all do the same."""
    from oracle.run import everything
    from oracle.verdicts import Failure

    rng = Random(0)
    for _ in range(CALLS):
        if len(known) > 1 and (case := _telling(op, known, rng)):
            try:
                got = everything(subject, op, case)
            except Failure:
                return known
            known = [m for m in known if _same(op, case, got, _answers(m, op, case))] or known
    return known


def _telling(op: "Op", known: list[Mistake], rng: Random) -> "Case | None":
    """A drawn case on which the mistakes do not all give the same answers, if there is one."""
    from oracle.strategies import random_call
    from oracle.theorems import cases

    for _ in range(TRIES):
        for case in cases(op, random_call(op, rng)):
            first, *others = (_answers(mistake, op, case) for mistake in known)
            if not all(_same(op, case, first, other) for other in others):
                return case
    return None


def _answers(mistake: Mistake, op: "Op", case: "Case") -> "Answers":
    from oracle.run import everything

    return everything(mistake.subject, op, case)


def _same(op: "Op", case: "Case", a: "Answers", b: "Answers") -> bool:
    """Of the answers that ``a`` has."""
    from oracle.compare import compare, tolerance
    from oracle.verdicts import Failure

    try:
        compare(case, a, tolerance(op, case), b)
    except Failure:
        return False
    return True
