"""The study of causes: what the oracle calls a mistake that is not in its catalogue.

Each known mistake is left out of the catalogue in turn. The unlisted mistakes (``studies/unlisted``) were never in it.
A cause is false if it does not hold on a fresh failing call, one that played no part in finding it, or if it would make
the output wrong on a fresh call on which it is right.
"""

import time
from collections.abc import Callable, Iterator
from statistics import fmean
from typing import NamedTuple

import numpy as np

from cnn_oracle import mistakes
from cnn_oracle.checks import single_threaded
from cnn_oracle.diagnose import diagnose
from cnn_oracle.diagnose.claims import cannot_say
from cnn_oracle.diagnose.evidence import further, observation
from cnn_oracle.mistakes import Mistake
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.pages import render
from cnn_oracle.run.batches import each
from cnn_oracle.run.workers import Heartbeat
from cnn_oracle.studies import unlisted
from cnn_oracle.verification import EXAMPLES, search

FRESH = 30  # failing calls on which a cause is tested
GROUPS = ("left out", "unlisted")
OUTCOMES = ("true", "measured", "false", "none")


class Entry(NamedTuple):
    """A mistake, what it is called, and whether that is true.

    ``kind`` and ``cause`` are "" if it is not called anything. ``fresh`` is the number of fresh failing calls, and
    ``contradicted`` the number of fresh calls that contradict the cause. A cause is not ``tested`` on them if it was
    measured on one call, or on calls of its own. ``seconds`` is the time to find the cause.
    """

    group: str
    op: str
    name: str
    description: str
    kind: str
    cause: str
    fresh: int
    contradicted: int
    tested: bool
    seconds: float

    @property
    def outcome(self) -> str:
        """One of OUTCOMES."""
        if not self.cause:
            return "none"
        return "false" if self.contradicted else "true" if self.tested else "measured"


def of(group: str, op: str) -> tuple[Mistake, ...]:
    """The mistakes of an op in a group."""
    return mistakes.of(op) if group == "left out" else unlisted.of(op)


def entries(ops: list[Op], progress: Callable[[str], None] = lambda _: None) -> Iterator[Entry]:
    """An entry for each mistake of these ops. Worker processes run it. ``progress`` gets each op that is done."""
    jobs = [(group, op.name, mistake.name) for group in GROUPS for op in ops for mistake in of(group, op.name)]
    found = {}
    for job, entry in each(_work, jobs):
        found[job] = entry
        progress(job[1])
    yield from (found[job] for job in jobs)


def _work(job: tuple[str, str, str], heartbeat: Heartbeat) -> Entry:
    heartbeat(0)
    group, name, which = job
    return entry(group, look_up(name), next(one for one in of(group, name) if one.name == which))


def entry(group: str, op: Op, mistake: Mistake) -> Entry:
    """What one mistake is called, on its smallest failing call."""
    failure = search(mistake.subject, op, EXAMPLES, 0).failure
    assert failure is not None, mistake.name
    shown, start = observation(op, failure), time.perf_counter()
    if shown is None:
        return Entry(group, op.name, mistake.name, mistake.description, "", "", 0, 0, False, 0.0)
    with single_threaded(), np.errstate(all="ignore"):
        more = further(mistake.subject, op, failure)
        without = (mistake.name,) if group == "left out" else ()
        claims = diagnose.claims(mistake.subject, op, failure, shown, more, without)
        seconds = time.perf_counter() - start
        failing, passing, _ = further(mistake.subject, op, failure, FRESH, seed=2)
        fresh = [one for one in failing if one.is_comparable == shown.is_comparable]
        contradicted = sum(any(claim.holds(one) is False for claim in claims) for one in fresh)
        contradicted += sum(not all(claim.allows(one) for claim in claims) for one in passing)
    tested = all(claim.holds is not cannot_say for claim in claims)
    kind, text = (claims[0].kind, "; ".join(claim.text for claim in claims)) if claims else ("", "")
    return Entry(
        group, op.name, mistake.name, mistake.description, kind, text, len(fresh), contradicted, tested, seconds
    )  # fmt: skip


def markdown(found: list[Entry]) -> str:
    """The page."""
    rows = []
    for group in GROUPS:
        here = [one for one in found if one.group == group]
        rows.append((group, len(here), [sum(one.outcome == outcome for one in here) for outcome in OUTCOMES]))
    kinds = [one.kind for one in found if one.kind]
    table = {kind: [sum(one.kind == kind and one.outcome == o for one in found) for o in OUTCOMES[:3]]
             for kind in dict.fromkeys(kinds)}  # fmt: skip
    slowest, average = max(one.seconds for one in found), fmean(one.seconds for one in found)
    return render(__file__, found=found, rows=rows, kinds=table, fresh=FRESH, slowest=slowest, average=average)
