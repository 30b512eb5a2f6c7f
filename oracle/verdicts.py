"""Verdicts, and what a failure says: the quantity, both values, the smallest call, the mistake, how to see it again."""

import shlex
from enum import StrEnum
from functools import cached_property
from json import dumps
from typing import Any

from manual._typing import Array
from oracle.calls import Call


class Verdict(StrEnum):
    EXACT = "EXACT"  # bitwise equal wherever floating point is exact, within bounds elsewhere
    BOUNDED = "BOUNDED"  # every element within its own a-priori rounding bound
    FAST = "FAST"  # a fast algorithm: not exact on integers, yet within the normwise bound
    WRONG = "WRONG"
    CRASHED = "CRASHED"
    NONDETERMINISTIC = "NONDETERMINISTIC"
    MISTRUSTED = "MISTRUSTED"  # too many zeros or constants for the comparison to mean anything


class Failure(AssertionError):
    """A theorem that does not hold. ``str`` of it is all that is said."""

    def __init__(
        self, what: str, call: Call, *, verdict: Verdict = Verdict.WRONG, quantity: str = "",
        index: tuple[int, ...] | None = None, subject: float | None = None, reference: float | None = None,
        answers: dict[str, Array | None] | None = None, case: Any = None, against_pytorch: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(what)
        self.what, self.call, self.verdict, self.quantity = what, call, verdict, quantity
        self.index, self.subject, self.reference = index, subject, reference
        self.answers, self.case = answers, case  # for naming the mistake: the same case, run through each known one
        self.against_pytorch = against_pytorch  # else against the subject itself
        self.subject_name = "manual"
        self.on_trial: Any = None  # the subject itself, for the referee
        self.theorem: Any = None  # which one, once it is known
        self.options = ""  # that the again line needs besides
        self.names: list[str] | None = None  # of the known mistakes, once more than this call was asked: diagnose.py
        self.causes: list[str] = []  # that are told beside them
        self.from_python = False  # the subject was given as objects: its name is how they were written
        self.alone = False  # the theorem was asked for by name
        self.redo = call  # the call that shows it again, where another is told

    def __reduce__(self) -> Any:
        """Pickled whole, but for the code on trial: exceptions rebuild from their message alone."""
        return _restored, (vars(self) | {"ruling": self.ruling, "on_trial": None},)

    @cached_property
    def ruling(self) -> str | None:
        """Who is wrong, and by which witness; None where no two numbers differ."""
        from oracle import referee

        if self.on_trial is None or self.index is None or not self.against_pytorch:
            return None
        return referee.ruling(self, self.on_trial)

    @property
    def mistakes(self) -> list[str]:
        """The known mistakes that give the very same wrong answers, here and on other calls; or what it looks like."""
        from oracle import mistakes

        names = [m.description for m in mistakes.consistent_with(self)] if self.names is None else self.names
        return [*dict.fromkeys((*names, *self.causes))]

    @property
    def again(self) -> str:
        """The shell line that reproduces the failure; the Python line, of a subject that Python gave."""
        if self.from_python:
            one = f", call={dumps(str(self.redo), ensure_ascii=False)}, seed={self.redo.seed}"
            return f'oracle.verify("{self.call.op}", {self.subject_name}{one if self.verdict != "MISTRUSTED" else ""})'
        if self.verdict is Verdict.MISTRUSTED:  # of all calls, not of one
            return f"python -m oracle verify {self.subject_name} --op {self.call.op}{self.options}"
        options = f" --theorem {self.theorem.__name__}" if self.alone else self.options
        call = f"--call {shlex.quote(str(self.redo))} --seed {self.redo.seed}"
        return f"python -m oracle verify {self.subject_name} {call}{options}"

    def __str__(self) -> str:
        lines = [f"{self.verdict}  {self.what}", f"  call      {self.call}"]
        lines += [f"  referee   {self.ruling}"] if self.ruling else []
        lines += [f"  consistent with: {mistake}" for mistake in self.mistakes]
        return "\n".join([*lines, f"  again     {self.again}"])


def death(call: Call, how: str, subject_name: str) -> Failure:
    """The failure of a call that ended its process, or had to be ended."""
    failure = Failure(f"{call.op} {how}", call, verdict=Verdict.CRASHED)
    failure.subject_name, failure.options = subject_name, " --isolate"
    return failure


def _restored(fields: dict[str, Any]) -> Failure:
    failure = Failure(fields["what"], fields["call"])
    vars(failure).update(fields)
    return failure
