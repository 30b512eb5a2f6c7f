"""``verify`` where the call on trial may end its process: by a segmentation fault, an abort, or no answer at all.

Every op is a job of a worker process, which notes the number of the call before it makes it. When the worker dies, that
number and the seed tell which call it was; the other ops go on.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from random import Random
from typing import NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.diagnose.diagnose import diagnose
from cnn_oracle.environment import pytorch
from cnn_oracle.mistakes import load
from cnn_oracle.ops import look_up
from cnn_oracle.result import Failure, Result, Verdict, death
from cnn_oracle.run import workers
from cnn_oracle.run.workers import Died, Note, Run
from cnn_oracle.subject import Subject
from cnn_oracle.survey.once import survive
from cnn_oracle.verification import EXAMPLES, covered, one_call, smallest, verify_op


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
) -> list[Result]:  # fmt: skip
    """As verification.verify, on all processors; ``progress`` is told each op and its calls when it ends."""
    jobs = [Drawn(subject.name, op.name, examples, seed) for op in covered(subject, names)]
    rows = {}
    for job, row in run(_row, jobs, timeout=timeout):
        rows[job.op] = _row_of_dead(job, row) if isinstance(row, Died) else row
        progress(job.op, examples)
    failed = [(subject.name, row.op, row.failure) for row in rows.values() if row.failure and row.failure.theorem]
    for explain in (_smallest, _diagnosed):  # where a smaller call ends the process, the one that was found is told
        unexplained = []
        for asked, failure in run(explain, failed, timeout=timeout) if failed else ():
            if isinstance(failure, Died):
                unexplained.append(asked)
            else:
                rows[asked[1]] = rows[asked[1]]._replace(failure=failure, verdict=failure.verdict)
        failed = unexplained
    return [rows[job.op] for job in jobs]


def call(subject: Subject, one: Call, timeout: float | None = None) -> Result:
    """As verification.one_call."""
    ((_, row),) = workers.run(_one, [(subject.name, one)], count=1, timeout=timeout)
    if isinstance(row, str):
        raise ValueError(row)
    if isinstance(row, Died):
        return Result(
            one.op, Verdict.CRASHED, 1, 0.0, row.seconds, death(one, row.how, subject.name), pytorch=pytorch()
        )
    return row


def _row_of_dead(job: Drawn, died: Died) -> Result:
    number = max(died.note, 0)
    failure = death(job.call(number), died.how, job.subject)
    return Result(job.op, Verdict.CRASHED, number + 1, 0.0, died.seconds, failure, pytorch=pytorch())


def _row(job: Drawn, note: Note) -> Result:
    numbers = count()
    return verify_op(
        load(job.subject), look_up(job.op), job.examples, job.seed, lambda: note(next(numbers)), shrink=False
    )


def _smallest(job: tuple[str, str, Failure], note: Note) -> Failure:
    (name, op, failure), numbers = job, count()
    return smallest(load(name), look_up(op), failure, progress=lambda: note(next(numbers)))


def _diagnosed(job: tuple[str, str, Failure], note: Note) -> Failure:
    name, op, failure = job
    note(0)
    return diagnose(load(name), look_up(op), failure)


def _one(job: tuple[str, Call], note: Note) -> Result | str:
    note(0)
    try:
        subject, one = load(job[0]), job[1]
        if unsafe(one):
            with suppress(Exception):  # what the call lacks is told below
                survive(subject, look_up(one.op), one)
        return one_call(subject, one)
    except ValueError as error:  # the call cannot be used: for the process that asked to say
        return str(error)
