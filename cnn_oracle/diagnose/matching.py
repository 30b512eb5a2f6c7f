"""Match a failure with known mistakes: which of them give exactly the outputs of the subject."""

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

CALLS = 2  # further calls that disambiguate mistakes
TRIES = 40  # drawn calls that are searched for a distinguishing call


def consistent_with(failure: Failure) -> list[Mistake]:
    """The known mistakes of the op that give the same outputs as the failure, on its case.

    Same means bitwise equal on an exact grid, and within the rounding bound elsewhere.
    """
    if failure.case is None or failure.outputs is None:
        return []
    return CaseWithOutputs(OPS[failure.call.op], failure.case).matching(failure.outputs)


def disambiguate(subject: Subject, op: Op, known: list[Mistake]) -> list[Mistake]:
    """The mistakes that still match the subject on at most two further calls, where their outputs differ."""
    for _ in range(CALLS):
        if len(known) > 1 and (distinguishing := _distinguishing_case(op, known)):
            try:
                got = run.run_all(subject, op, distinguishing.case)
            except Failure:
                return known
            known = [m for m in known if distinguishing.same(got, m)] or known
    return known


class CaseWithOutputs:
    """A case with the outputs of the known mistakes of its op. Outputs are computed only when needed, and cached."""

    def __init__(self, op: Op, case: Case) -> None:
        self.op, self.case, self.allowed = op, case, tolerance(op, case)
        self._answers: dict[tuple[str, str], Outputs] = {}

    def matching(self, outputs: Outputs) -> list[Mistake]:
        """The mistakes that give these outputs."""
        return [m for m in mistakes.of(self.op.name) if self.same(outputs, m)]

    def wrong(self, mistake: Mistake) -> Outputs | None:
        """The outputs of the function that the mistake replaces, if they are wrong on this case."""
        outputs = self._of(mistake, {mistake.replaces})
        return None if self._agree(outputs, self.case.expected) else outputs

    def same(self, outputs: Outputs, mistake: Mistake) -> bool:
        """Whether the mistake gives these outputs, which may be only some of its outputs."""
        parts = {"step" if self.op.kind == "step" else "backward" if q[0] == "d" else "forward" for q in outputs}
        return self._agree(outputs, self._of(mistake, parts))

    def kinds(self, known: list[Mistake]) -> int:
        """The number of different outputs that the mistakes give."""
        parts = {"step"} if self.op.kind == "step" else {"forward", "backward"}
        found: list[Outputs] = []
        for mistake in known:
            if not any(self.same(kind, mistake) for kind in found):
                found.append(self._of(mistake, parts))
        return len(found)

    def _agree(self, outputs: Outputs, others: Outputs) -> bool:
        try:
            compare(self.case, outputs, self.allowed, others)
        except Failure:
            return False
        return True

    def _of(self, mistake: Mistake, parts: set[str]) -> Outputs:
        every = {"forward": run.forward, "backward": run.backward, "step": run.steps}
        outputs: Outputs = {}
        for part in parts:
            key = part, mistake.name if mistake.replaces == part else ""  # the other functions of the op are correct
            if key not in self._answers:
                self._answers[key] = every[part](mistake.subject, self.case)
            outputs |= self._answers[key]
        return outputs


def _distinguishing_case(op: Op, known: list[Mistake]) -> CaseWithOutputs | None:
    """The drawn case on which the mistakes give the most different outputs, or None if they never differ."""
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
    """The cases of the i-th call in the search for a distinguishing one. They do not depend on the mistakes."""
    return [CaseWithOutputs(OPS[op], case) for case in cases(OPS[op], random_call(OPS[op], Random(i)))]
