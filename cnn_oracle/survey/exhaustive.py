"""Checking a small world: each call once, in worker processes, up to the first that fails."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from random import Random
from statistics import median
from typing import NamedTuple

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.enumeration import Path, World, estimate
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.diagnose.diagnose import diagnose
from cnn_oracle.environment import pytorch
from cnn_oracle.mistakes import load
from cnn_oracle.op import Op
from cnn_oracle.ops import look_up
from cnn_oracle.result import Failure, Result, Verdict, death
from cnn_oracle.run import workers
from cnn_oracle.run.workers import Died, Note, Run, processors
from cnn_oracle.subject import Subject
from cnn_oracle.survey.once import check_once, survive
from cnn_oracle.vacuity import Values, together, worth
from cnn_oracle.verification import EXAMPLES, covered, is_fast, of_subject, one_call

MOST = 2_000_000  # calls, half an hour's: more are counted by sampling, and are run only in parts or on a cluster
TIMED = 200  # calls, for an estimate of time

Progress = Callable[[str, int, int | None], None]  # what, how many more, of how many


class Job(NamedTuple):
    """The calls of a world that begin with a prefix; ``isolate``: the unsafe ones, too, by the subject alone.

    ``fast``: as a fast algorithm is judged, normwise.
    """

    subject: str
    world: tuple[str, int]
    prefix: Path
    isolate: bool
    fast: bool = False


class Found(NamedTuple):
    """What a job has to say. ``withheld`` calls are unsafe: not handed to PyTorch."""

    calls: int = 0
    withheld: int = 0
    worst: float = 0.0
    values: Values = Values()
    failure: Failure | None = None
    seconds: float = 0.0


class Count(NamedTuple):
    """How many calls some jobs have, and whether that is exact or an estimate from random paths."""

    calls: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.calls:,}" if self.exact else f"about {float(f'{self.calls:.2g}'):,.0f}"


def verify(
    subject: Subject, names: Iterable[str], size: int, part: tuple[int, int] = (1, 1), *,
    isolate: bool = False, timeout: float | None = None, run: Run = workers.run,
    say: Callable[[str], None] = lambda _: None, progress: Progress = lambda *_: None,
) -> Iterator[Result]:  # fmt: skip
    """A row for each op, after ``say`` has told all counts.

    Raises:
        ValueError: an op is unknown, lacks float64, or has too many calls for one run; nothing has been run then.
    """
    worlds, large = [], []
    for op in covered(subject, names):
        if "float64" not in subject.dtypes(op.name):
            raise ValueError(f"subject {subject.name!r}: the small world is checked in float64, which {op.name} lacks")
        world, name = World(op, size), op.name
        jobs = world.jobs(*part, _tell(progress, f"listing {name}", None))
        number = count(world, jobs, part[1], _tell(progress, f"counting {name}", len(jobs)))
        say(f"{name}: {number} geometries with axes up to {size}" + (f", part {part[0]}/{part[1]}" * (part[1] > 1)))
        worlds.append((world, jobs, number.calls))
        if not number.exact and run is workers.run:
            large.append(f"{name} has {number} geometries, {_hours(subject, world, number, progress)}")
    if large:
        raise ValueError(f"{'; '.join(large)}: give --part i/n, or axes smaller than {size}")
    total = sum(calls for *_, calls in worlds)  # one bar for all
    for world, jobs, _ in worlds:
        start, tell = time.perf_counter(), _tell(progress, world.op.name, total)
        found, fast = search(subject, world, jobs, isolate=isolate, timeout=timeout, run=run, progress=tell), False
        if found.failure and is_fast(subject, world.op, found.failure):
            again = search(subject, world, jobs, isolate=isolate, timeout=timeout, run=run, progress=tell, fast=True)
            found, fast = (found, False) if again.failure else (again, True)
        yield _row(subject, world, found, part, time.perf_counter() - start, fast)


def count(world: World, jobs: list[Path], parts: int = 1, progress: Callable[[int], None] = lambda _: None) -> Count:
    """The calls of these jobs, one part of so many."""
    about, calls = estimate(world) / parts, 0
    if about > MOST:
        return Count(round(about), False)
    for prefix in jobs:
        progress(1)
        calls += sum(1 for _ in world.calls(prefix))
    return Count(calls, True)


def search(
    subject: Subject, world: World, jobs: list[Path], *, isolate: bool = False, timeout: float | None = None,
    run: Run = workers.run, progress: Callable[[int], None] = lambda _: None, fast: bool = False,
) -> Found:  # fmt: skip
    """All calls of these jobs, up to the first that fails: no later job is begun, but all earlier ones are ended."""
    ended: dict[int, Found] = {}
    last = len(jobs) - 1  # that counts

    def waiting() -> Iterator[tuple[int, Job]]:
        for i, prefix in enumerate(jobs):
            if i > last:
                return
            yield i, Job(subject.name, (world.op.name, world.size), prefix, isolate, fast)

    for (i, job), outcome in run(_check_job, waiting(), timeout=timeout):
        found = ended[i] = _of_dead(world, job, outcome) if isinstance(outcome, Died) else outcome
        last = min(last, i) if found.failure else last
        progress(found.calls + found.withheld)
    counted = [ended[i] for i in range(last + 1)]
    calls, withheld, worst, values, failures, seconds = zip(Found(), *counted, strict=True)
    return Found(sum(calls), sum(withheld), max(worst), together(values), failures[-1], sum(seconds))


def _tell(progress: Progress, what: str, total: int | None) -> Callable[[int], None]:
    return lambda done: progress(what, done, total)


def _row(
    subject: Subject, world: World, found: Found, part: tuple[int, int], seconds: float, fast: bool
) -> Result:  # fmt: skip
    op, failure = world.op, found.failure
    hollow, miss = worth(op, found.values, next(world.calls(), Call(op.name, {}, 0)))
    if hollow and (part[1] == 1 or found.calls >= EXAMPLES):  # a part of fewer calls has too few to be judged by
        options = f" --exhaustive {world.size}" + (f" --part {part[0]}/{part[1]}" * (part[1] > 1))
        failure = failure or of_subject(hollow, subject).replace(options=options)
    miss = None if failure else miss
    verdict = failure.verdict if failure else Verdict.FAST if fast else op.verdict
    unchecked = theorems.unchecked(subject, op)
    return Result(
        op.name, verdict, found.calls, found.worst, seconds, failure, found.withheld, miss, unchecked=unchecked,
        pytorch=pytorch(),
    )  # fmt: skip


def _hours(subject: Subject, world: World, number: Count, progress: Progress) -> str:
    """How long so many calls take here, by some at random; the first of a process are slow, so the median tells."""
    rng, seconds = Random(0), []
    paths = [path for _ in range(TIMED) if (path := world.probe(rng)[1])]
    jobs = ((0, Job(subject.name, (world.op.name, world.size), path, False)) for path in paths)
    for _, found in workers.run(_check_job, jobs):
        progress(f"timing {world.op.name}", 1, len(paths))
        seconds += [] if isinstance(found, Died) else [found.seconds]
    hours = median(seconds or [0.0]) * number.calls / processors() / 3600
    return f"some {hours:.1f} hours on {processors()} processors"


def _check_job(numbered: tuple[int, Job], note: Note) -> Found:
    _, (name, (op_name, size), prefix, isolate, fast) = numbered
    subject, op = load(name), look_up(op_name)
    judged = (op.by_fast_algorithm or op) if fast else op
    calls, withheld, worst, values, start = 0, 0, 0.0, list[Values](), time.perf_counter()
    failure = None
    for i, call in enumerate(World(op, size).calls(prefix)):
        note(i)
        if unsafe(call):
            withheld += 1
            if isolate:
                survive(subject, op, call)
            continue
        calls += 1
        try:
            error, seen = check_once(subject, judged, call)
        except Failure as found:
            found = of_subject(found, subject)
            failure = found if fast else _as_drawn(subject, op, found)
            break
        worst = max(worst, error)
        values.append(seen)
    return Found(calls, withheld, worst, together(values), failure, time.perf_counter() - start)


def _of_dead(world: World, job: Job, died: Died) -> Found:
    """What a job had to say whose process ended: the call that it had noted is the failure."""
    made = list(islice(world.calls(job.prefix), max(died.note, 0) + 1))
    if not made:  # a job of no calls loses none
        return Found()
    withheld = sum(1 for call in made if unsafe(call))
    return Found(len(made) - withheld, withheld, failure=death(made[-1], died.how, job.subject))


def _as_drawn(subject: Subject, op: Op, found: Failure) -> Failure:
    """The same failure on the arrays that its ``reproduce`` line draws, if they show it, as they nearly always do."""
    for seed in range(3):
        if failure := one_call(subject, Call(op.name, found.call.arguments, seed)).failure:
            return failure
    return diagnose(subject, op, found)
