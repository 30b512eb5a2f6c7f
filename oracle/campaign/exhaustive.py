"""Checking a small world: each call once, forward and backward in float64, in one process per processor.

On its op's first lattice a call is compared bitwise; where there is none, on real numbers within its bound. What makes
this fast: the arrays depend on nothing but their shape, so that each is made once, and PyTorch runs forward once.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from math import prod
from random import Random
from typing import NamedTuple

import numpy as np

from manual._typing import Array
from oracle import lattices, theorems
from oracle.calls import Call
from oracle.campaign.workers import Died, Note, processors, run
from oracle.campaign.world import Path, World
from oracle.cases import Case, draw, keywords_of
from oracle.compare import compare, tolerance
from oracle.fills import normal
from oracle.judge import Row, covered, one_call
from oracle.lattices import REAL, Draw, Lattice
from oracle.ops import Op, look_up
from oracle.pytorch import reference_answers
from oracle.run import everything
from oracle.subjects import Subject, load
from oracle.unsafe import unsafe
from oracle.verdicts import Failure, death

FLOAT64 = np.dtype("float64")
BITS = 2**51  # as in lattices: two bits of room
# A lattice that is the same for a whole world, and the largest number that a cotangent is multiplied with. No cell of a
# world's multilinear op sums more than 2^11 products of x and w (w has 324 cells at most): y stays below 2^51.
# Averages are over 1, 2 or 3 cells an axis, or −2; adaptive ones over 1 … 8 cells of each of two.
WHOLE: Mapping[Draw, tuple[Lattice, int]] = {
    lattices.integers: (Lattice(1, 2**20), 2**20),
    lattices.cubes: (Lattice(1, 2**13), 2**26),
    lattices.multiples: (Lattice(6**3, 2**20), 6**3),
    lattices.adaptive_multiples: (Lattice(840**2, 2**20), 840**2),
}
MOST = 1_000_000  # calls: more are counted by sampling, and are run only in parts
SAMPLE = 2_000


class Job(NamedTuple):
    subject: str
    world: tuple[str, int]
    prefix: Path


class Found(NamedTuple):
    """What a job has to say. ``withheld`` calls are unsafe: not handed to PyTorch."""

    calls: int = 0
    withheld: int = 0
    worst: float = 0.0
    seconds: float = 0.0
    failure: Failure | None = None


class Count(NamedTuple):
    """How many calls some jobs have, and whether that is exact or an estimate from random paths."""

    calls: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.calls:,}" if self.exact else f"about {float(f'{self.calls:.2g}'):,.0f}"


def verify(
    subject: Subject, names: Iterable[str], size: int, part: tuple[int, int] = (1, 1), *, timeout: float | None = None,
    say: Callable[[str], None] = lambda _: None, progress: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Iterator[Row]:  # fmt: skip
    """A row for each op, after ``say`` has told all counts; ``progress`` is told what, how many more, and out of all.

    Raises:
        ValueError: an op is unknown, lacks float64, or has too many calls for one run; nothing has been run then.
    """
    parts, large = [], []
    for op in covered(subject, names):
        if "float64" not in subject.dtypes(op.name):
            raise ValueError(f"subject {subject.name!r}: the small world is checked in float64, which {op.name} lacks")
        world = World(op, size)
        jobs = world.jobs(*part)
        number = count(world, jobs, part[1], lambda name=op.name: progress(f"counting {name}", 0, None))  # type: ignore[misc]
        say(f"{op.name}: {number} geometries with axes up to {size}" + (f", part {part[0]}/{part[1]}" * (part[1] > 1)))
        parts.append((world, jobs, number.calls))
        large += [] if number.exact else [f"{op.name} has {number} geometries, {_hours(subject, world, number)}"]
    if large:
        raise ValueError(f"{'; '.join(large)}: give --part i/n, or axes smaller than {size}")
    total = sum(calls for *_, calls in parts)  # one bar for all
    for world, jobs, _ in parts:
        start, name = time.perf_counter(), world.op.name
        found = search(subject, world, jobs, timeout=timeout, progress=lambda n, name=name: progress(name, n, total))  # type: ignore[misc]
        verdict = found.failure.verdict if found.failure else world.op.verdict
        seconds = time.perf_counter() - start
        unchecked = theorems.unchecked(subject, world.op)
        yield Row(name, verdict, found.calls, found.worst, seconds, found.failure, found.withheld, unchecked=unchecked)


def count(world: World, jobs: list[Path], parts: int = 1, progress: Callable[[], None] = lambda: None) -> Count:
    """The calls of these jobs, one part of so many."""
    rng, calls = Random(0), 0
    about = sum(world.probe(rng)[0] for _ in range(SAMPLE)) / SAMPLE / parts
    if about > MOST:
        return Count(round(about), False)
    for prefix in jobs:
        progress()
        calls += sum(1 for _ in world.calls(prefix))
    return Count(calls, True)


def _hours(subject: Subject, world: World, number: Count) -> str:
    """How long so many calls take here, by some at random."""
    rng = Random(0)
    some = search(subject, world, [path for _ in range(SAMPLE // 10) if (path := world.probe(rng)[1])])
    hours = some.seconds / max(some.calls, 1) * number.calls / processors() / 3600
    return f"some {hours:.1f} hours on {processors()} processors"


def search(
    subject: Subject, world: World, jobs: list[Path], *, timeout: float | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Found:  # fmt: skip
    """All calls of these jobs, up to the first that fails: no later job is begun, but all earlier ones are ended."""
    total, first = Found(), len(jobs)

    def waiting() -> Iterator[tuple[int, Job]]:
        for i, prefix in enumerate(jobs):
            if first < len(jobs):
                return
            yield i, Job(subject.name, (world.op.name, world.size), prefix)

    for (i, job), found in run(_check_job, waiting(), timeout=timeout):
        if isinstance(found, Died):
            call = next(islice(world.calls(job.prefix), max(found.note, 0), None))
            found = Found(max(found.note, 0) + 1, failure=death(call, found.how, subject.name))
        progress(found.calls + found.withheld)
        failure = total.failure
        if found.failure and i < first:
            first, failure = i, found.failure
        total = Found(
            total.calls + found.calls, total.withheld + found.withheld, max(total.worst, found.worst),
            total.seconds + found.seconds, failure,
        )  # fmt: skip
    return total


def _check_job(numbered: tuple[int, Job], note: Note) -> Found:
    _, (name, (op_name, size), prefix) = numbered
    subject, op = load(name), look_up(op_name)
    calls, withheld, worst, start = 0, 0, 0.0, time.perf_counter()
    for i, call in enumerate(World(op, size).calls(prefix)):
        note(i)
        if unsafe(call):
            withheld += 1
            continue
        calls += 1
        try:
            worst = max(worst, check_once(subject, op, call))
        except Failure as failure:
            failure.subject_name = subject.name
            return Found(calls, withheld, worst, time.perf_counter() - start, _as_drawn(subject, op, failure))
    return Found(calls, withheld, worst, time.perf_counter() - start)


def check_once(subject: Subject, op: Op, call: Call) -> float:
    """y and all gradients on one case of a call; the worst error as a fraction of its bound."""
    case = case_of(op, call)
    got = everything(subject, op, case)
    if case.exact and all(_same(a, case.truth[q]) for q, a in got.items()):
        return 0.0
    return compare(case, got, tolerance(op, case))


def case_of(op: Op, call: Call) -> Case:
    """The strongest case of a call in float64, with arrays that depend on nothing but their shape."""
    if op.kind == "step":
        return draw(op, call)
    draws, rng = op.comparison.lattices, np.random.default_rng(call.seed)
    keywords = keywords_of(op, call, rng, FLOAT64, whole=bool(draws))
    primal, dual, factor = REAL, REAL, 0
    if draws and draws[0] in WHOLE:
        primal, factor = WHOLE[draws[0]]
    elif draws:
        primal, dual = draws[0](call, keywords, 53)
    domain = op.comparison.domain
    arrays: dict[str, Array | None] = {}
    for name in op.positional:
        shape = call.arguments.get(name)
        own = domain.get(name) if primal is REAL else None
        arrays[name] = None if shape is None else own(rng, shape, call, False) if own else _numbers(primal, name, shape)

    def cotangent(shape: tuple[int, ...]) -> Array:
        if not factor:
            return _numbers(dual, "dy", shape)
        most = min(primal.amplitude, BITS // (factor * max(prod(shape), 2**11)))
        return _numbers(Lattice(primal.unit, most), "dy", shape)

    dy, truth = reference_answers(call, arrays, keywords, cotangent)
    return Case(call, FLOAT64, arrays, keywords, dy, truth, (primal, dual if not factor else primal), rng)


@lru_cache(4096)
def _numbers(lattice: Lattice, name: str, shape: tuple[int, ...]) -> Array:
    """Of one lattice, name and shape there is one array; nobody may write to it."""
    rng = np.random.default_rng([*name.encode(), *shape])
    a = normal(rng, shape, Call("", {}, 0), False) if lattice is REAL else lattice.values(rng, shape)
    a = np.asarray(a, FLOAT64)
    a.flags.writeable = False
    return a


def _same(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and bool((a == b).all())


def _as_drawn(subject: Subject, op: Op, found: Failure) -> Failure:
    """The same failure on the arrays that its ``again`` line draws, if they show it too, as they nearly always do."""
    for seed in range(3):
        if failure := one_call(subject, Call(op.name, found.call.arguments, seed)).failure:
            return failure
    return found
