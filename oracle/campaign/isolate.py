"""``verify`` where the call on trial may end its process: by a segmentation fault, an abort, or no answer at all.

Every op is a job of a worker process, which notes the number of the call before it makes it. When the worker dies, that
number and the seed tell which call it was; the other ops go on.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from random import Random
from typing import NamedTuple

from oracle.calls import Call
from oracle.campaign import workers
from oracle.campaign.once import survive
from oracle.campaign.workers import Died, Note, Run
from oracle.judge import EXAMPLES, Row, covered, one_call, row_of, smallest
from oracle.ops import look_up
from oracle.strategies import random_call
from oracle.subjects import Subject, load
from oracle.unsafe import unsafe
from oracle.verdicts import Failure, Verdict, death


class Drawn(NamedTuple):
    """A job: an op's drawn calls."""

    subject: str
    op: str
    examples: int
    seed: int

    def call(self, number: int) -> Call:
        """The one of that number, from 0."""
        op, rng = look_up(self.op), Random(self.seed)
        return [random_call(op, rng) for _ in range(number + 1)][-1]


def verify(
    subject: Subject, names: Iterable[str] = (), *, examples: int = EXAMPLES, seed: int = 0,
    timeout: float | None = None, run: Run = workers.run, progress: Callable[[str, int], None] = lambda *_: None,
) -> list[Row]:  # fmt: skip
    """As judge.verify, on all processors; ``progress`` is told each op and its calls when it ends."""
    jobs = [Drawn(subject.name, op.name, examples, seed) for op in covered(subject, names)]
    rows = {}
    for job, row in run(_row, jobs, timeout=timeout):
        rows[job.op] = _row_of_dead(job, row) if isinstance(row, Died) else row
        progress(job.op, examples)
    failed = [(subject.name, row.op, row.failure) for row in rows.values() if row.failure and row.failure.theorem]
    for (_, name, _), failure in run(_smallest, failed, timeout=timeout) if failed else ():
        if not isinstance(failure, Died):  # else a smaller call ends the process: the one that was found is told
            rows[name] = rows[name]._replace(failure=failure, verdict=failure.verdict)
    return [rows[job.op] for job in jobs]


def call(subject: Subject, one: Call, timeout: float | None = None) -> Row:
    """As judge.one_call."""
    ((_, row),) = workers.run(_one, [(subject.name, one)], count=1, timeout=timeout)
    if isinstance(row, str):
        raise ValueError(row)
    if isinstance(row, Died):
        return Row(one.op, Verdict.CRASHED, 1, 0.0, row.seconds, death(one, row.how, subject.name))
    return row


def _row_of_dead(job: Drawn, died: Died) -> Row:
    number = max(died.note, 0)
    failure = death(job.call(number), died.how, job.subject)
    return Row(job.op, Verdict.CRASHED, number + 1, 0.0, died.seconds, failure)


def _row(job: Drawn, note: Note) -> Row:
    numbers = count()
    return row_of(load(job.subject), look_up(job.op), job.examples, job.seed, lambda: note(next(numbers)), shrink=False)


def _smallest(job: tuple[str, str, Failure], note: Note) -> Failure:
    (name, op, failure), numbers = job, count()
    return smallest(load(name), look_up(op), failure, progress=lambda: note(next(numbers)))


def _one(job: tuple[str, Call], note: Note) -> Row | str:
    note(0)
    try:
        subject, one = load(job[0]), job[1]
        if unsafe(one):
            with suppress(Exception):  # what the call lacks is told below
                survive(subject, look_up(one.op), one)
        return one_call(subject, one)
    except ValueError as error:  # the call cannot be used: for the process that asked to say
        return str(error)
