"""PyTorch on trial: many calls of each op, in each dtype and layout, in worker processes that PyTorch may end.

A row does not end at its first failure: it counts the calls that are wrong, refused, or end the process, and keeps the
smallest. Calls that calls/unsafe.py withholds everywhere else run here, each in a process of its own, counted apart.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from math import prod
from typing import NamedTuple

from cnn_oracle.calls.sources import One, Planned, Source
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.dtypes import FORMATS
from cnn_oracle.ops import look_up
from cnn_oracle.result import Verdict
from cnn_oracle.run.workers import Died, Note, how_it_ended, run
from cnn_oracle.studies.torch_defects import judge
from cnn_oracle.studies.torch_defects.judge import Outcome
from cnn_oracle.studies.torch_defects.kernels import KERNELS

Key = tuple[str, str, str]  # op, dtype, layout


class Job(NamedTuple):
    """Calls of an op in a dtype, each in some layouts: numbers ``start`` … ``stop`` of all pairs of call and layout.

    ``every`` of a call's lattices and real numbers, or only the strongest; ``module`` is what is on trial.
    """

    op: str
    dtype: str
    layouts: tuple[str, ...]
    source: Source
    every: bool = True
    module: str = KERNELS
    start: int = 0
    stop: int | None = None

    def pair(self, number: int) -> tuple[Planned, str]:
        i, j = divmod(number, len(self.layouts))
        return next(islice(self.source.calls(look_up(self.op)), i, None)), self.layouts[j]

    def alone(self, planned: Planned, layout: str) -> "Job":
        return self._replace(layouts=(layout,), source=One(planned), start=0, stop=None)


class Finding(NamedTuple):
    """A failure of a row: the smallest that was met. findings.py makes it smaller and explains it."""

    planned: Planned
    verdict: Verdict
    what: str

    @property
    def size(self) -> tuple[int, int]:
        shapes = [v for v in self.planned.call.arguments.values() if isinstance(v, tuple)]
        return sum(prod(s) for s in shapes if all(isinstance(n, int) for n in s)), len(str(self.planned.call))


class Tally(NamedTuple):
    """``inexact`` calls are right, but not to the bit on a lattice; of ``hollow`` ones zeros would have passed."""

    calls: int = 0
    wrong: int = 0
    crashed: int = 0
    refused: int = 0
    inexact: int = 0
    hollow: int = 0
    worst: float = 0.0
    refusal: str | None = None
    findings: tuple[Finding, ...] = ()  # the smallest of each verdict

    def __or__(self, other: "Tally") -> "Tally":
        calls, wrong, crashed, refused, inexact, hollow = (a + b for a, b in zip(self[:6], other[:6], strict=True))
        found = sorted((*self.findings, *other.findings), key=lambda f: f.size, reverse=True)
        smallest = tuple({f.verdict: f for f in found}.values())
        worst, refusal = max(self.worst, other.worst), self.refusal or other.refusal
        return Tally(calls, wrong, crashed, refused, inexact, hollow, worst, refusal, smallest)


class Row(NamedTuple):
    """``unsafe`` are the calls on which PyTorch is known to be unsafe, ``safe`` all others."""

    op: str
    dtype: str
    layout: str
    safe: Tally
    unsafe: Tally

    @property
    def verdict(self) -> Verdict | str:
        """A crash weighs more than a wrong answer; refused is no verdict, but all there is to say."""
        both = self.safe | self.unsafe
        if both.crashed:
            return Verdict.CRASHED
        if both.wrong:
            return Verdict.WRONG
        if both.refused == both.calls:
            return "refused"
        if both.hollow + both.refused == both.calls:
            return Verdict.MISTRUSTED
        return Verdict.EXACT if look_up(self.op).comparison.lattices and not both.inexact else Verdict.BOUNDED

    @property
    def findings(self) -> list[Finding]:
        return [*self.safe.findings, *self.unsafe.findings]


def trial(
    jobs: Iterable[Job], *, timeout: float | None = None, progress: Callable[[str, int], None] = lambda *_: None
) -> list[Row]:
    """A row for each op, dtype and layout that a call has; ``progress`` is told a name and how many more were made."""
    jobs = list(jobs)
    keys = dict.fromkeys((job.op, job.dtype, layout) for job in jobs for layout in job.layouts)
    safe, risky = _together(jobs, timeout, progress)
    hidden = _alone(risky, timeout, progress)
    rows = [Row(*key, safe.get(key, Tally()), hidden.get(key, Tally())) for key in keys]
    return [row for row in rows if row.safe.calls + row.unsafe.calls]


class _Queue(Iterator[Job]):
    """Jobs, of which a death makes more."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = deque(jobs)

    def __next__(self) -> Job:
        if not self.jobs:
            raise StopIteration
        return self.jobs.popleft()


def _together(
    jobs: list[Job], timeout: float | None, progress: Callable[[str, int], None]
) -> tuple[dict[Key, Tally], list[Job]]:
    """The tallies of all safe calls, and a job for each of the others."""
    queue, tallies, risky = _Queue(jobs), dict[Key, Tally](), list[Job]()
    for job, found in run(_work, queue, timeout=timeout):
        if isinstance(found, Died):
            _complain(found)
            number = max(found.note, job.start)
            planned, layout = job.pair(number)
            _add(tallies, job, {layout: _death(job.alone(planned, layout), found, timeout)})
            if job.start < number:  # what it had found is lost
                queue.jobs.appendleft(job._replace(stop=number))
            if job.stop is None or number + 1 < job.stop:
                queue.jobs.appendleft(job._replace(start=number + 1))
            continue
        _add(tallies, job, found.tallies)
        risky += [job.alone(planned, layout) for planned, layout in found.unsafe]
        progress(f"{job.op} {job.dtype}", sum(t.calls for t in found.tallies.values()))
    return tallies, risky


def _alone(jobs: list[Job], timeout: float | None, progress: Callable[[str, int], None]) -> dict[Key, Tally]:
    """The tallies of unsafe calls, each in a process that does nothing else."""
    tallies: dict[Key, Tally] = {}
    for job, found in run(work_alone, jobs, timeout=timeout, fresh=True):
        if isinstance(found, Died):
            _complain(found)
            (planned,) = job.source.calls(look_up(job.op))
            found = {job.layouts[0]: Tally(1, crashed=1, findings=(Finding(planned, Verdict.CRASHED, found.how),))}
        _add(tallies, job, found)
        progress(f"{job.op} {job.dtype}, unsafe calls", 0)
    return tallies


def _add(tallies: dict[Key, Tally], job: Job, found: Mapping[str, Tally]) -> None:
    for layout, tally in found.items():
        key = (job.op, job.dtype, layout)
        tallies[key] = tallies.get(key, Tally()) | tally


def _death(job: Job, died: Died, timeout: float | None) -> Tally:
    """The call again, in a process of its own: memory that an earlier call damaged may have ended the first."""
    ((_, again),) = run(work_alone, [job], count=1, timeout=timeout)
    (planned,) = job.source.calls(look_up(job.op))
    how = again.how if isinstance(again, Died) else f"{died.how} after other calls, but not alone"
    return Tally(1, crashed=1, findings=(Finding(planned, Verdict.CRASHED, how),))


def _complain(died: Died) -> None:
    """What PyTorch raises is caught, so an exception that ended a worker is a mistake of ours.

    Raises:
        RuntimeError: the worker ended as Python does after a traceback.
    """
    if died.how == how_it_ended(1):
        raise RuntimeError("a worker failed, and not in PyTorch: see its traceback")


class _Found(NamedTuple):
    tallies: dict[str, Tally]
    unsafe: list[tuple[Planned, str]]


def _work(job: Job, note: Note) -> _Found:
    tallies, risky, number = dict[str, Tally](), list[tuple[Planned, str]](), 0
    for planned in job.source.calls(look_up(job.op)):
        if job.stop is not None and number >= job.stop:
            break
        first, number = number, number + len(job.layouts)
        wanted = [
            (n, layout) for n, layout in enumerate(job.layouts, first)
            if n >= job.start and (job.stop is None or n < job.stop)
        ]  # fmt: skip
        if unsafe(planned.call):
            risky += [(planned, layout) for _, layout in wanted]
            continue
        for layout, tally in _tallies(job, planned, wanted, note):
            tallies[layout] = tallies.get(layout, Tally()) | tally
    return _Found(tallies, risky)


def work_alone(job: Job, note: Note) -> dict[str, Tally]:
    """A job of a single call, unsafe or not."""
    (planned,) = job.source.calls(look_up(job.op))
    if unsafe(planned.call):  # what the allocator says of damaged memory
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    return dict(_tallies(job, planned, list(enumerate(job.layouts)), note))


def _tallies(job: Job, planned: Planned, wanted: list[tuple[int, str]], note: Note) -> Iterator[tuple[str, Tally]]:
    numbers = {layout: number for number, layout in wanted}
    if not numbers:
        return
    note(wanted[0][0])  # the arrays are drawn now
    op, form = look_up(job.op), FORMATS[job.dtype]
    for layout, outcome in judge.outcomes(
        op, planned.call, form, list(numbers), job.module,
        every=job.every, about_to=lambda layout: note(numbers[layout]),
    ):  # fmt: skip
        yield layout, _tally(planned, outcome)


def _tally(planned: Planned, outcome: Outcome) -> Tally:
    if outcome.wrong:
        finding = Finding(planned, Verdict.WRONG, outcome.wrong.what)
        return Tally(1, wrong=1, findings=(finding,))
    if outcome.refused:
        return Tally(1, refused=1, refusal=outcome.refused)
    return Tally(1, inexact=not outcome.exact, hollow=outcome.hollow, worst=outcome.worst)
