"""Naming a mistake: which known mistakes of an op give the very outputs of a subject, on one call and on others."""

import functools
from random import Random

from cnn_oracle import mistakes
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases.case import Case, cases
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.mistakes import Mistake
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure
from cnn_oracle.run import subject as run
from cnn_oracle.subject import Subject

CALLS = 2  # beside the failing one, to tell mistakes apart
TRIES = 40  # drawn calls among which such a call is looked for


def consistent_with(failure: Failure) -> list[Mistake]:
    """The op's mistakes that give the failure's very answers on the failure's very case.

    On a lattice the same means bitwise; elsewhere within the rounding bound, as any two right answers would be.
    """
    if failure.case is None or failure.outputs is None:
        return []
    return CaseWithOutputs(OPS[failure.call.op], failure.case).matching(failure.outputs)


def disambiguate(subject: Subject, op: Op, known: list[Mistake]) -> list[Mistake]:
    """Those of several mistakes that the subject has on calls, two at most, on which they do not all do the same."""
    for _ in range(CALLS):
        if len(known) > 1 and (distinguishing := _telling(op, known)):
            try:
                got = run.run_all(subject, op, distinguishing.case)
            except Failure:
                return known
            known = [m for m in known if distinguishing.same(got, m)] or known
    return known


class CaseWithOutputs:
    """A case, and what the known mistakes of its op answer to it: no more than is asked for, and each once."""

    def __init__(self, op: Op, case: Case) -> None:
        self.op, self.case, self.allowed = op, case, tolerance(op, case)
        self._answers: dict[tuple[str, str], Outputs] = {}

    def matching(self, answers: Outputs) -> list[Mistake]:
        """The mistakes that give these answers."""
        return [m for m in mistakes.of(self.op.name) if self.same(answers, m)]

    def wrong(self, mistake: Mistake) -> Outputs | None:
        """What the function that the mistake replaces answers, if that is wrong here."""
        answers = self._of(mistake, {mistake.replaces})
        return None if self._agree(answers, self.case.expected) else answers

    def same(self, answers: Outputs, mistake: Mistake) -> bool:
        """Whether the mistake gives these answers, which need not be all that it has."""
        parts = {"step" if self.op.kind == "step" else "backward" if q[0] == "d" else "forward" for q in answers}
        return self._agree(answers, self._of(mistake, parts))

    def kinds(self, known: list[Mistake]) -> int:
        """How many different answers the mistakes give."""
        parts = {"step"} if self.op.kind == "step" else {"forward", "backward"}
        found: list[Outputs] = []
        for mistake in known:
            if not any(self.same(kind, mistake) for kind in found):
                found.append(self._of(mistake, parts))
        return len(found)

    def _agree(self, answers: Outputs, others: Outputs) -> bool:
        try:
            compare(self.case, answers, self.allowed, others)
        except Failure:
            return False
        return True

    def _of(self, mistake: Mistake, parts: set[str]) -> Outputs:
        every = {"forward": run.forward, "backward": run.backward, "step": run.steps}
        answers: Outputs = {}
        for part in parts:
            key = part, mistake.name if mistake.replaces == part else ""  # the rest of the op is right
            if key not in self._answers:
                self._answers[key] = every[part](mistake.subject, self.case)
            answers |= self._answers[key]
        return answers


def _telling(op: Op, known: list[Mistake]) -> CaseWithOutputs | None:
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
def _drawn(op: str, i: int) -> list[CaseWithOutputs]:
    """The cases of the i-th call among which telling ones are looked for: the same whatever is to be told apart."""
    return [CaseWithOutputs(OPS[op], case) for case in cases(OPS[op], random_call(OPS[op], Random(i)))]
