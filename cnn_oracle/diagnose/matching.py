"""Match a failure with known mistakes: which of them give exactly the outputs of the subject."""

import functools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random

import numpy as np

from cnn_oracle import mistakes
from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases import running_statistics
from cnn_oracle.cases.case import Case, cases
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.compare import compare, finite_tolerance
from cnn_oracle.diagnose.evidence import Evidence, Observation, error
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes import Mistake
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure
from cnn_oracle.run import subject as run
from cnn_oracle.subject import Subject

CALLS = 2  # further calls that disambiguate mistakes
TRIES = 40  # drawn calls that are searched for a distinguishing call


def known_mistakes(
    subject: Subject, op: Op, shown: Observation, further: Evidence, without: Sequence[str] = ()
) -> list[Mistake]:
    """The known mistakes of the op that give the same wrong outputs on the shown call and on all further ones.

    Same means bitwise equal on an exact grid, and within the rounding bound elsewhere.
    """
    known = [mistake for mistake in mistakes.of(op.name) if mistake.name not in without]
    for one in (shown, *further.failing):
        case = CaseWithOutputs(op, one.case)
        known = [mistake for mistake in known if case.explains(mistake, one)]
    known = [mistake for mistake in known if all(allows(mistake, one) for one in further.passing)]
    return disambiguate(subject, op, known)


def explains(mistake: Mistake, one: Observation) -> bool:
    """As ``CaseWithOutputs.explains``, for the case of the observation."""
    return CaseWithOutputs(one.op, one.case).explains(mistake, one)


def allows(mistake: Mistake, one: Observation) -> bool:
    """Whether the output can be right on this call although the subject has the mistake."""
    case = CaseWithOutputs(one.op, one.case)
    if mistake.replaces not in case.parts:
        return True
    return any(not case.changes(m, one.quantity) for m in (mistake, *mistake.others))


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
        self.op, self.case, self.allowed = op, case, finite_tolerance(op, case)
        self._answers: dict[tuple[str, int], Outputs] = {}

    @property
    def parts(self) -> set[str]:
        """The functions whose outputs the case has."""
        if self.case.of_statistics:
            return {"running_statistics"}
        return {"step"} if self.op.kind == "step" else {"forward", "backward"}

    def matching(self, outputs: Outputs) -> list[Mistake]:
        """The mistakes that give these outputs."""
        return [m for m in mistakes.of(self.op.name) if self.same(outputs, m)]

    def wrong(self, mistake: Mistake) -> Outputs | None:
        """The outputs of the function that the mistake replaces, if the case has them and they are wrong."""
        if mistake.replaces not in self.parts:
            return None
        outputs = self._of(mistake, {mistake.replaces})
        return None if self._agree(outputs, self.case.expected) else outputs

    def same(self, outputs: Outputs, mistake: Mistake) -> bool:
        """Whether the mistake, with any epsilon, gives these outputs, which may be only some of its outputs."""
        parts = {"backward" if q[0] == "d" else "forward" for q in outputs} if len(self.parts) > 1 else self.parts
        return any(self._agree(outputs, self._of(m, parts)) for m in (mistake, *mistake.others))

    def explains(self, mistake: Mistake, one: Observation) -> bool:
        """Whether the mistake makes this output wrong, and gives the subject's values of all outputs that it changes.

        The subject may have other mistakes, too: an output that this mistake does not change may have any value.
        """
        if mistake.replaces not in self.parts:
            return False
        return any(self._explains(m, one) for m in (mistake, *mistake.others))

    def _explains(self, mistake: Mistake, one: Observation) -> bool:
        outputs = self._of(mistake, {mistake.replaces})
        changed = [q for q, a in outputs.items() if q in one.outputs and self._differ(q, a, self.case.expected[q])]
        return one.quantity in changed and not any(self._differ(q, outputs[q], one.outputs[q]) for q in changed)

    def changes(self, mistake: Mistake, quantity: str) -> bool:
        """Whether the mistake makes this output wrong."""
        outputs = self._of(mistake, {mistake.replaces})
        return quantity in outputs and self._differ(quantity, outputs[quantity], self.case.expected[quantity])

    def _differ(self, quantity: str, a: Array | None, b: Array | None) -> bool:
        if a is None or b is None or a.shape != b.shape:
            return a is not b
        bound: Array | float | None = None if self.allowed is None else self.allowed[quantity]
        if isinstance(bound, np.ndarray) and bound.shape not in ((), a.shape):  # both have the same wrong shape
            bound = float(bound.max(initial=0.0))
        return bool((error(a, b) > (0.0 if bound is None else bound)).any())

    def kinds(self, known: list[Mistake]) -> int:
        """The number of different outputs that the mistakes give."""
        found: list[Outputs] = []
        for mistake in known:
            if not any(self.same(kind, mistake) for kind in found):
                found.append(self._of(mistake, self.parts))
        return len(found)

    def _agree(self, outputs: Outputs, others: Outputs) -> bool:
        try:
            compare(self.case, outputs, self.allowed, others)
        except Failure:
            return False
        return True

    def _of(self, mistake: Mistake, parts: set[str]) -> Outputs:
        every = {
            "forward": run.forward, "backward": run.backward, "step": run.steps,
            "running_statistics": run.running_statistics,
        }  # fmt: skip
        outputs: Outputs = {}
        for part in parts:
            key = part, id(mistake) if mistake.replaces == part else 0  # the op's other functions are correct
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
    return [CaseWithOutputs(OPS[op], case) for case in every_case(OPS[op], random_call(OPS[op], Random(i)))]


def every_case(op: Op, call: Call) -> Iterator[Case]:
    """The cases of a call, and for a norm also the case of its running statistics."""
    yield from cases(op, call)
    if hasattr(op.manual, "running_statistics"):
        with suppress(RuntimeError, ValueError):  # PyTorch rejects x with a single value in each channel
            yield running_statistics.by_pytorch(op, running_statistics.drawn(op, call))
