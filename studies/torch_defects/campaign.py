"""PyTorch under test: many calls of each op, in each dtype and layout, in worker processes that PyTorch may end.

A row does not end at its first failure. It counts the calls that are wrong, rejected, or end the process, and keeps the
smallest of each. Calls that calls/unsafe.py skips as unsafe elsewhere do run here. Each runs in its own process, and
the row counts them separately.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from math import prod
from typing import NamedTuple

from cnn_oracle.calls.sampling import CallList, Sample, Source
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.dtypes import FORMATS
from cnn_oracle.ops import look_up
from cnn_oracle.result import Verdict
from cnn_oracle.run.batches import Batch, Steps, finish_all
from cnn_oracle.run.workers import Heartbeat, WorkerCrash, run
from cnn_oracle.studies.torch_defects import judge
from cnn_oracle.studies.torch_defects.judge import Outcome
from cnn_oracle.studies.torch_defects.kernels import KERNELS

Key = tuple[str, str, str]  # op, dtype, layout


class Job(NamedTuple):
    """Calls of an op in a dtype, each in some layouts: pairs of call and layout, from ``start`` to ``stop``.

    ``every``: all exact grids of a call and real numbers, or only the strongest of these. ``module``: the code under
    test.
    """

    op: str
    dtype: str
    layouts: tuple[str, ...]
    source: Source
    every: bool = True
    module: str = KERNELS
    start: int = 0
    stop: int | None = None

    def pair(self, number: int) -> tuple[Sample, str]:
        i, j = divmod(number, len(self.layouts))
        return next(islice(self.source.samples(look_up(self.op)), i, None)), self.layouts[j]

    def alone(self, sample: Sample, layout: str) -> "Job":
        return self._replace(layouts=(layout,), source=CallList((sample,)), start=0, stop=None)


class Finding(NamedTuple):
    """The smallest failure of a row. findings.py makes it smaller and explains it."""

    sample: Sample
    verdict: Verdict
    what: str

    @property
    def size(self) -> tuple[int, int]:
        shapes = [v for v in self.sample.call.arguments.values() if isinstance(v, tuple)]
        return sum(prod(s) for s in shapes if all(isinstance(n, int) for n in s)), len(str(self.sample.call))


class Tally(NamedTuple):
    """``inexact`` calls are right, but not bitwise on an exact grid. Zeros would pass those of ``vacuous_values``."""

    calls: int = 0
    wrong: int = 0
    crashed: int = 0
    rejected: int = 0
    inexact: int = 0
    vacuous_values: int = 0
    error_over_bound: float = 0.0
    rejection: str | None = None
    findings: tuple[Finding, ...] = ()  # the smallest of each verdict

    def __or__(self, other: "Tally") -> "Tally":
        calls, wrong, crashed, rejected, inexact, vacuous_values = (
            a + b for a, b in zip(self[:6], other[:6], strict=True)
        )
        found = sorted((*self.findings, *other.findings), key=lambda f: f.size, reverse=True)
        smallest = tuple({f.verdict: f for f in found}.values())
        error_over_bound, rejection = (
            max(self.error_over_bound, other.error_over_bound),
            self.rejection or other.rejection,
        )
        return Tally(calls, wrong, crashed, rejected, inexact, vacuous_values, error_over_bound, rejection, smallest)


class Row(NamedTuple):
    """``unsafe`` counts the calls on which PyTorch is known to be unsafe, ``safe`` all others."""

    op: str
    dtype: str
    layout: str
    safe: Tally
    unsafe: Tally

    @property
    def verdict(self) -> Verdict | str:
        """CRASHED comes before WRONG. "rejected" is not a verdict: PyTorch rejected all calls."""
        both = self.safe | self.unsafe
        if both.crashed:
            return Verdict.CRASHED
        if both.wrong:
            return Verdict.WRONG
        if both.rejected == both.calls:
            return "rejected"
        if both.vacuous_values + both.rejected == both.calls:
            return Verdict.VACUOUS
        return Verdict.EXACT if look_up(self.op).comparison.grids and not both.inexact else Verdict.BOUNDED

    @property
    def findings(self) -> list[Finding]:
        return [*self.safe.findings, *self.unsafe.findings]


def run_campaign(
    jobs: Iterable[Job], *, timeout: float | None = None, progress: Callable[[str, int], None] = lambda *_: None
) -> list[Row]:
    """A row for each op, dtype and layout that a call has; ``progress`` gets a name and the number of new calls."""
    jobs = list(jobs)
    keys = dict.fromkeys((job.op, job.dtype, layout) for job in jobs for layout in job.layouts)

    def tell(job: Job, outcome: object) -> None:
        calls = sum(t.calls for t in outcome.tallies.values()) if isinstance(outcome, _Findings) else 0
        progress(f"{job.op} {job.dtype}", calls)

    ((safe, risky),) = finish_all([_together(jobs)], run, timeout=timeout, progress=tell)
    (hidden,) = finish_all([_alone(risky)], partial(run, fresh=True), timeout=timeout, progress=tell)
    rows = [Row(*key, safe.get(key, Tally()), hidden.get(key, Tally())) for key in keys]
    return [row for row in rows if row.safe.calls + row.unsafe.calls]


def _together(jobs: list[Job]) -> Steps[tuple[dict[Key, Tally], list[Job]]]:
    """The tallies of all safe calls, and a job for each of the others."""
    left, tallies, risky = jobs, dict[Key, Tally](), list[Job]()
    while left:
        outcomes: list[_Findings | WorkerCrash] = yield Batch(_work, left, of_death=_noted)
        ended = [(job, died) for job, died in zip(left, outcomes, strict=True) if isinstance(died, WorkerCrash)]
        for job, found in zip(left, outcomes, strict=True):
            if isinstance(found, _Findings):
                _add(tallies, job, found.tallies)
                risky += [job.alone(one, layout) for one, layout in found.unsafe]
        # again, each in its own process: an earlier call may have damaged memory and caused the crash
        alone = [job.alone(*job.pair(max(died.number, job.start))) for job, died in ended]
        again: list[dict[str, Tally] | WorkerCrash] = yield Batch(work_alone, alone, of_death=_noted)
        for (_, died), job, outcome in zip(ended, alone, again, strict=True):
            how = (
                outcome.how
                if isinstance(outcome, WorkerCrash)
                else f"{died.how} after other calls, but not in its own process"
            )
            _add(tallies, job, _crashed(job, how))
        left = [part for job, died in ended for part in _besides(job, max(died.number, job.start))]
    return tallies, risky


def _besides(job: Job, number: int) -> Iterator[Job]:
    """The rest of a job before and after one of its calls. The findings before that call are lost with the process."""
    if job.start < number:
        yield job._replace(stop=number)
    if job.stop is None or number + 1 < job.stop:
        yield job._replace(start=number + 1)


def _alone(jobs: list[Job]) -> Steps[dict[Key, Tally]]:
    """The tallies of unsafe calls."""
    tallies: dict[Key, Tally] = {}
    outcomes: list[dict[str, Tally] | WorkerCrash] = yield Batch(work_alone, jobs, of_death=_noted)
    for job, found in zip(jobs, outcomes, strict=True):
        _add(tallies, job, _crashed(job, found.how) if isinstance(found, WorkerCrash) else found)
    return tallies


def _add(tallies: dict[Key, Tally], job: Job, found: Mapping[str, Tally]) -> None:
    for layout, tally in found.items():
        key = (job.op, job.dtype, layout)
        tallies[key] = tallies.get(key, Tally()) | tally


def _crashed(job: Job, how: str) -> dict[str, Tally]:
    (one,) = job.source.samples(look_up(job.op))
    return {job.layouts[0]: Tally(1, crashed=1, findings=(Finding(one, Verdict.CRASHED, how),))}


def _noted(_: Job, died: WorkerCrash) -> WorkerCrash:
    return died


class _Findings(NamedTuple):
    tallies: dict[str, Tally]
    unsafe: list[tuple[Sample, str]]


def _work(job: Job, heartbeat: Heartbeat) -> _Findings:
    tallies, risky, number = dict[str, Tally](), list[tuple[Sample, str]](), 0
    for one in job.source.samples(look_up(job.op)):
        if job.stop is not None and number >= job.stop:
            break
        first, number = number, number + len(job.layouts)
        wanted = [
            (n, layout) for n, layout in enumerate(job.layouts, first)
            if n >= job.start and (job.stop is None or n < job.stop)
        ]  # fmt: skip
        if unsafe(one.call):
            risky += [(one, layout) for _, layout in wanted]
            continue
        for layout, tally in _tallies(job, one, wanted, heartbeat):
            tallies[layout] = tallies.get(layout, Tally()) | tally
    return _Findings(tallies, risky)


def work_alone(job: Job, heartbeat: Heartbeat) -> dict[str, Tally]:
    """A job of a single call, unsafe or not."""
    (one,) = job.source.samples(look_up(job.op))
    if unsafe(one.call):  # messages of the allocator about damaged memory
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    return dict(_tallies(job, one, list(enumerate(job.layouts)), heartbeat))


def _tallies(
    job: Job, sample: Sample, wanted: list[tuple[int, str]], heartbeat: Heartbeat
) -> Iterator[tuple[str, Tally]]:
    numbers = {layout: number for number, layout in wanted}
    if not numbers:
        return
    heartbeat(wanted[0][0])  # the arrays are drawn by now
    op, form = look_up(job.op), FORMATS[job.dtype]
    for layout, outcome in judge.outcomes(
        op, sample.call, form, list(numbers), job.module,
        every=job.every, about_to=lambda layout: heartbeat(numbers[layout]),
    ):  # fmt: skip
        yield layout, _tally(sample, outcome)


def _tally(sample: Sample, outcome: Outcome) -> Tally:
    if outcome.wrong:
        finding = Finding(sample, Verdict.WRONG, outcome.wrong.what)
        return Tally(1, wrong=1, findings=(finding,))
    if outcome.rejected:
        return Tally(1, rejected=1, rejection=outcome.rejected)
    return Tally(
        1, inexact=not outcome.exact, vacuous_values=outcome.vacuous_values, error_over_bound=outcome.error_over_bound
    )
