"""The classic wrong derivations, one file per op: they name a cause, prove that the suite rejects it, and teach.

A mistake is a function: its name is the mistake's name, its docstring says what goes wrong, its first parameter what it
replaces: ``dy`` makes it a backward, ``w, dw, state`` a step, anything else a forward. The rest of the op is right.
"""

import functools
import inspect
from importlib import import_module
from importlib.util import find_spec
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from oracle.subjects import Subject

if TYPE_CHECKING:
    from oracle.verdicts import Failure


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
        return function(*arguments, **keywords)

    implementation = SimpleNamespace(**(vars(right) | {place: wrong}))
    return Mistake(op, function.__name__, place, " ".join((function.__doc__ or "").split()), implementation)


def consistent_with(failure: "Failure") -> list[str]:
    """Descriptions of the op's mistakes that give the failure's very answers on the failure's very case.

    On a lattice the same means bitwise; elsewhere within the rounding bound, as any two right answers would be.
    """
    from oracle.compare import compare, tolerance
    from oracle.ops import OPS
    from oracle.run import everything
    from oracle.verdicts import Failure

    if failure.case is None or failure.answers is None:
        return []
    case, op, found = failure.case, OPS[failure.call.op], []
    for mistake in of(op.name):
        try:
            compare(case, failure.answers, tolerance(op, case), everything(mistake.subject, op, case))
        except Failure:
            continue
        found.append(mistake.description)
    return found
