"""Check many ops on many calls: in this process, in worker processes, or on a Dask cluster.

A source of calls (calls/sampling.py) is cut into blocks. verification.py says what to do with a block, and
run/batches.py does it. If a call crashes or hangs in another process, its op is CRASHED, and the other ops go on.
"""

import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from statistics import median
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.enumeration import Path, Space, estimate
from cnn_oracle.calls.sampling import EnumerationSlice, RandomCalls, Sample
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.checks import survive
from cnn_oracle.environment import pytorch
from cnn_oracle.one_call import check_call, checkable, covered
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.result import Failure, Result, Verdict, death
from cnn_oracle.run import workers
from cnn_oracle.run.batches import Deadline, Steps, each, finish_all, named
from cnn_oracle.run.workers import FEW, FUNCTIONS, Heartbeat, Run, WorkerCrash, processors
from cnn_oracle.store import Store
from cnn_oracle.subject import EVERYTHING, Limits, Subject
from cnn_oracle.theorems import Theorem
from cnn_oracle.verification import EXAMPLES, Block, Tally, check_block, drawn, once, verdict, without_end

MOST = 2_000_000  # calls, half an hour: larger numbers are estimated, and run only in parts or on a cluster
TIMED = 200  # calls that are timed, to estimate the duration

Progress = Callable[[str, int, int | None], None]  # the name, the number of new calls, the total


def _quiet(*_: object) -> None:
    """Report nothing."""


def verify(
    subject: Subject, names: Iterable[str] = (), *, examples: int = EXAMPLES, seed: int = 0, run: Run | None = None,
    seconds: float | None = None, timeout: float | None = None,
    first: Callable[[str], Sequence[Sample]] = lambda _: (), progress: Progress = _quiet,
) -> Iterator[Result]:  # fmt: skip
    """Check the named ops, or all ops of the subject, on drawn calls. Yields a result for each op.

    ``run`` says where the work is done (see ``here``); None is this process. With ``seconds``, calls are drawn until
    this time has passed, and an op that was not reached has no result. ``first`` gives the calls of an op that are
    checked before all others. In other processes, a call that takes longer than ``timeout`` seconds is CRASHED.

    Raises:
        ValueError: A name is no op, the subject does not have it, or no call has the options in the settings.
    """
    ops, rounds = covered(subject, names), drawn if seconds is None else without_end
    for op in ops:
        if op.name in subject.limits.options and not [*RandomCalls(1, seed, limits=subject.limits).samples(op)]:
            raise ValueError(f"{op.name}: no drawn call has the options {dict(subject.limits.options[op.name])}")
    total = None if seconds else len(ops) * examples
    steps = (
        named(op.name, verdict(subject, op, rounds(subject, op, examples, seed), first=first(op.name))) for op in ops
    )
    tell = _reporting(progress, total)
    rows = finish_all(steps, run, deadline=Deadline(seconds), timeout=timeout, progress=tell)
    yield from (row for row in rows if row)


def here(subject: Subject, calls: int | None, jobs: int | None = None, isolate: bool = False) -> Run | None:
    """The best place for this number of calls: None for this process, or a function that runs jobs in others.

    If ``calls`` is None, there are very many.
    """
    count, few = jobs or processors(), calls is not None and calls <= FEW and jobs is None
    if subject.loader is None or ((count == 1 or few) and not isolate):
        return None
    return partial(workers.run, count=count)


class _Function:
    """Stands for a function of a subject that is imported only in other processes: its signature."""

    def __init__(self, signature: inspect.Signature | None) -> None:
        if signature is not None:
            self.__signature__ = signature

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("this function runs in another process only")


DECLARED = ("dtypes", "options", "ranks", "gradients")  # what an implementation may declare as plain data


def apart(
    load: Callable[[str], Subject], name: str, names: Sequence[str] = (), timeout: float | None = None
) -> tuple[Subject, list[Result]]:
    """Import a subject in another process only.

    Args:
        load: loads the subject by its name.
        name: the name of the subject.
        names: the ops that are needed. Empty: all that it has.
        timeout: the seconds that the import of the subject, or of an op, may take.

    Returns:
        A subject that describes its functions here, and is imported where they run. The results of the ops whose
        import ends the process; if the subject has none because its own import ends it, one result for "import".

    Raises:
        ValueError: The import raises, or a name is no op.
    """
    left = [look_up(one).name for one in names] or [*OPS]
    rows: list[Result] = []
    while True:
        run = partial(workers.run, count=1)
        found: Any
        ((_, found),) = each(_described, [(load, name, tuple(left))], of_death=lambda _, died: died, run=run,
                             timeout=timeout)  # fmt: skip
        if not isinstance(found, WorkerCrash):
            own, ours, strict, ops = found
            return Subject(own, SimpleNamespace(**ops), ours, strict, loader=load), rows
        dead = [left[found.number - 1]] if found.number > 0 else [*names] or ["import"]
        rows += [_of_dead_import(one, name, found) for one in dead]
        left = [one for one in left if one not in dead] if found.number > 0 else []
        if not left:
            return Subject(name, SimpleNamespace(), loader=load), rows


def _described(
    job: tuple[Callable[[str], Subject], str, Sequence[str]], heartbeat: Heartbeat
) -> tuple[str, bool, bool, dict[str, Any]]:
    load, name, names = job
    heartbeat(0)
    subject, ops = load(name), dict[str, Any]()
    for i, op in enumerate(names, 1):
        heartbeat(i)
        implementation = subject.implementation(op)
        if implementation is not None:
            functions = {n: getattr(implementation, n) for n in FUNCTIONS if n and hasattr(implementation, n)}
            declared = {n: getattr(implementation, n) for n in DECLARED if hasattr(implementation, n)}
            described = {n: _Function(_bare(f)) if callable(f) else f for n, f in functions.items()}
            ops[op] = SimpleNamespace(**declared, **described)
        elif subject.expected(look_up(op)):
            ops[op] = _Function(None)
    return subject.name, subject.ours, subject.strict, ops


def _bare(function: Callable[..., Any]) -> inspect.Signature | None:
    """The names and kinds of the parameters, which another process can read without the subject."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    empty = inspect.Parameter.empty
    return inspect.Signature(
        [p.replace(annotation=empty, default=p.default if p.default is empty else None) for p in parameters],
        __validate_parameters__=False,
    )


def _of_dead_import(op: str, name: str, died: WorkerCrash) -> Result:
    failure = death(Call(op, {}, 0), died.how, name, died.options)
    failure = failure.replace(what=f"the import of {name} {died.how}", kind="import")
    return Result(op, Verdict.CRASHED, 0, 0.0, died.seconds, failure, pytorch=pytorch())


def call(
    subject: Subject, one: Call, which: Sequence[Theorem] = (), isolate: bool = False, timeout: float | None = None
) -> Result:
    """The result of one call, as in one_call.check_call. With ``isolate``, it runs in another process.

    Raises:
        ValueError: The call cannot be used.
    """
    if not isolate:
        return check_call(subject, one, which)
    ((_, row),) = each(
        _one, [(subject, one, tuple(which))], of_death=_of_dead_call, run=partial(workers.run, count=1), timeout=timeout
    )
    if isinstance(row, str):
        raise ValueError(row)
    return row


def _one(job: tuple[Subject, Call, Sequence[Theorem]], heartbeat: Heartbeat) -> Result | str:
    subject, one, which = job
    heartbeat(0)
    try:
        if unsafe(one):
            with suppress(Exception):  # check_call reports what is wrong with the call
                survive(subject, look_up(one.op), one)
        return check_call(subject, one, which)
    except ValueError as error:  # the call cannot be used: the main process raises this
        return str(error)


def _of_dead_call(job: tuple[Subject, Call, Sequence[Theorem]], died: WorkerCrash) -> Result:
    subject, one, _ = job
    failure = death(one, died.how, subject.name, died.options, died.function)
    return Result(one.op, Verdict.CRASHED, 1, 0.0, died.seconds, failure, pytorch=pytorch())


def kept(store: Store, subject: Subject, op: str, theorem: str = "") -> list[Sample]:
    """The stored calls of an op on which the subject, or one theorem, failed before, if they can still be checked.

    No calls are stored for ``manual``, or for a subject without an import name.
    """
    samples: list[Sample] = []
    for key in _keys(subject, op, theorem) if subject.loader and not subject.ours else ():
        for call in store.calls(key, op):
            if not checkable(subject, call):
                store.drop(key, call)
            elif Sample(call) not in samples:
                samples.append(Sample(call))
    return samples


def keep(store: Store, subject: Subject, op: str, failure: Failure | None, theorem: str = "") -> None:
    """Store the failing call for the next run. Without a failure, remove the stored calls."""
    if subject.ours or subject.loader is None:
        return
    entry = f"{subject.name}::{theorem}" if theorem else subject.name
    if failure is None:
        for key in [entry] if theorem else _keys(subject, op, ""):
            for call in store.calls(key, op):
                store.drop(key, call)
    elif checkable(subject, failure.call):
        store.keep(entry, failure.call)


def _keys(subject: Subject, op: str, theorem: str) -> list[str]:
    """The keys of stored calls. A run of all theorems uses the subject; a test of one theorem adds its name."""
    tests = [theorem] if theorem else [one.__name__ for one in theorems.of(look_up(op), subject)]
    return [subject.name, *(f"{subject.name}::{name}" for name in tests)]


class Count(NamedTuple):
    """The number of calls of some jobs, and whether it is exact or an estimate from random choice sequences."""

    calls: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.calls:,}" if self.exact else f"about {float(f'{self.calls:.2g}'):,.0f}"


def exhaust(
    subject: Subject, names: Iterable[str], size: int, part: tuple[int, int] = (1, 1), *, run: Run | None = None,
    isolate: bool = False, timeout: float | None = None, say: Callable[[str], None] = _quiet,
    progress: Progress = _quiet,
) -> Iterator[Result]:  # fmt: skip
    """Check every geometry up to a size, or a part of them, once each. Yields a result for each op.

    ``say`` receives a line with the number of geometries. With ``isolate``, the subject also runs the calls that are
    skipped as unsafe, and must survive them.

    Raises:
        ValueError: An op is unknown, lacks float64, or has too many calls for one run. No call has run then.
    """
    every, large, totals = list[tuple[Op, list[Path]]](), list[str](), list[int]()
    for op in covered(subject, names):
        if "float64" not in subject.dtypes(op.name):
            raise ValueError(f"subject {subject.name!r}: an exhaustive run is in float64, which {op.name} lacks")
        prefixes, number = counted(op, size, part, progress, subject.limits)
        if not number.calls and part == (1, 1) and op.name in subject.limits.options:
            raise ValueError(f"{op.name}: no geometry has the options {dict(subject.limits.options[op.name])}")
        say(f"{op.name}: {number} geometries with axes up to {size}" + f", part {part[0]}/{part[1]}" * (part[1] > 1))
        every.append((op, prefixes))
        totals.append(number.calls)
        if not number.exact and not _is_cluster(run):
            large.append(f"{op.name} has {number} geometries, {_hours(subject, op, size, number, progress)}")
    if large:
        raise ValueError(f"{'; '.join(large)}: give --part i/n, or axes smaller than {size}")
    options, enough = (f" --part {part[0]}/{part[1]}", EXAMPLES) if part[1] > 1 else ("", 0)

    def steps(op: Op, prefixes: list[Path]) -> Steps[Result | None]:
        sources = (EnumerationSlice(size, prefix, subject.limits) for prefix in prefixes)
        blocks = [Block(subject, op, source, once=True, isolated=isolate) for source in sources]
        command = f"exhaust {size}"
        return named(op.name, verdict(subject, op, once(blocks), enough=enough, command=command, options=options))

    tell = _reporting(progress, sum(totals))  # one bar for all
    rows = finish_all((steps(*one) for one in every), run, timeout=timeout, progress=tell)
    yield from (row for row in rows if row)


def counted(
    op: Op, size: int, part: tuple[int, int], progress: Progress = _quiet, limits: Limits = EVERYTHING
) -> tuple[list[Path], Count]:
    """The jobs of a part of an enumeration, and the number of their calls within the limits of a subject."""
    space = Space(op, size)
    prefixes = space.jobs(*part, lambda more: progress(f"listing {op.name}", more, None))
    about, calls = estimate(space) / part[1], 0
    if about > MOST:
        return prefixes, Count(round(about), False)
    for prefix in prefixes:
        progress(f"counting {op.name}", 1, len(prefixes))
        calls += sum(1 for call in space.calls(prefix) if limits.admit(op, call))
    return prefixes, Count(calls, True)


def _hours(subject: Subject, op: Op, size: int, number: Count, progress: Progress) -> str:
    """The estimated hours for ``number`` calls, from random calls. Uses the median: the first calls are slow."""
    rng = Random(0)
    paths = [path for _ in range(TIMED) if (path := Space(op, size).probe(rng)[1])]
    blocks = [Block(subject, op, EnumerationSlice(size, path), once=True) for path in paths]
    seconds = [0.0]
    for _, one in each(_timed, blocks, of_death=lambda *_: 0.0):
        progress(f"timing {op.name}", 1, len(paths))
        seconds.append(one)
    hours = median(seconds) * number.calls / processors() / 3600
    return f"some {hours:.1f} hours on {processors()} processors"


def _timed(block: Block, heartbeat: Heartbeat) -> float:
    start = time.perf_counter()
    check_block(block, heartbeat)
    return time.perf_counter() - start


def _is_cluster(run: Run | None) -> bool:
    return run is not None and getattr(run, "func", run) is not workers.run


def _reporting(progress: Progress, total: int | None) -> Callable[[object, object], None]:
    def tell(job: object, outcome: object) -> None:
        if isinstance(job, Block) and isinstance(outcome, Tally):
            progress(job.op.name, outcome.calls + outcome.skipped, total)

    return tell
