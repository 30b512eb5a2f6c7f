"""Claims about wrong numbers. A claim becomes a likely cause only if it holds on every failing call that was seen."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cnn_oracle.diagnose.evidence import LEAST, Evidence, Observation
from cnn_oracle.diagnosis import Cause, Kind


def _anything(_: Observation) -> bool:
    return True


class Claim(NamedTuple):
    """A statement about the wrong numbers of an output.

    Attributes:
        kind: The kind of cause.
        text: The statement, such as ``"dx has the wrong sign"``.
        holds: Whether it holds for an observation. None if the observation is too small to contradict it.
        allows: Whether the output of a passing call may be right if the statement is true.
    """

    kind: Kind
    text: str
    holds: Callable[[Observation], bool | None]
    allows: Callable[[Observation], bool] = _anything

    @property
    def cause(self) -> Cause:
        return Cause(self.kind, self.text)


def cannot_say(_: Observation) -> None:
    """The statement was measured on the shown call, or on calls of its own."""


def accepted(
    claims: Iterable[Claim], shown: Observation, further: Evidence, fresh: Callable[[], Evidence]
) -> Claim | None:  # fmt: skip
    """The first claim that no observation contradicts, and that ``LEAST`` failing ones and half of them confirm.

    Claims are made from the further observations, so some fit them by chance. ``fresh`` returns others, which must not
    contradict the claim either.
    """
    for claim in claims:
        if is_confirmed(claim, shown, further) and not is_contradicted(claim, fresh()):
            return claim
    return None


def is_contradicted(claim: Claim, evidence: Evidence) -> bool:
    contradicted = any(claim.holds(one) is False for one in evidence.failing)
    return contradicted or not all(claim.allows(one) for one in evidence.passing)


def is_confirmed(claim: Claim, shown: Observation, evidence: Evidence) -> bool:
    confirmed, further = 0, evidence.failing
    for one in reversed(further):  # the smallest first
        answer = claim.holds(one)
        if answer is False:
            return False
        confirmed += answer is True
    enough = confirmed >= max(LEAST, len(further) / 2)
    return enough and claim.holds(shown) is not False and all(claim.allows(one) for one in evidence.passing)
