"""Test each mutant of ``manual``, in worker processes, until a drawn call of some op kills it.

A mutant of a private file is checked by the ops that run its function. A trace of some calls finds these ops.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from cProfile import Profile
from pathlib import Path
from random import Random
from types import CodeType
from typing import NamedTuple

from cnn_oracle.calls.sampling import random_call
from cnn_oracle.checks import check, single_threaded
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run.batches import each
from cnn_oracle.run.workers import Heartbeat, WorkerCrash
from cnn_oracle.studies.mutation.equivalent import reason
from cnn_oracle.studies.mutation.importing import subject_of
from cnn_oracle.studies.mutation.mutants import ROOM, Mutant, mutants
from cnn_oracle.subject import OURS, Subject
from cnn_oracle.theorems.rejections import every_invalid_variant_is_rejected

CALLS = 300  # of an op, at most (three times as many as in verify), until a mutant counts as survived
SHARED = 400  # of all ops together that run a mutant of a private file
LEAST = 10  # of each op
SPOT = 5  # calls of each op for a mutant that is listed as equivalent
FEW = 10  # calls, after which all invalid variants are tried: the mutant may be in code that rejects
TRACED = 12  # calls of each op, with their invalid variants
TIMEOUT = 30.0  # seconds for one call: a mutated loop may never end
NOT_OPS = {"__init__", "_typing", "_errors", "_for_op", "_plain_convolution", "convnet"}  # no op computes these


class Job(NamedTuple):
    mutant: Mutant
    ops: tuple[str, ...]
    calls: int  # of each


class Judgement(NamedTuple):
    """A mutant and its result: the op that killed it, after how many calls, by which theorem, and how.

    ``theorem`` is "import" if the mutated file cannot be imported, and "process" if the mutant ended its process or
    did not end. ``op`` is None if the mutant survived.
    """

    mutant: Mutant
    judges: tuple[str, ...]
    op: str | None
    calls: int
    theorem: str
    verdict: str
    message: str


def run(
    ops: Iterable[str] = (), *, calls: int = CALLS, progress: Callable[[str, int], None] = lambda *_: None
) -> Iterator[Judgement]:
    """Test every mutant of the files that these ops (or all ops) use, in the order in which they are tested."""
    jobs = list(_jobs(tuple(ops), calls))
    for one in judge_all(jobs):
        progress(one.mutant.file, len(jobs))
        yield one


def judge_all(jobs: Iterable[Job]) -> Iterator[Judgement]:
    """The result of each mutant. A mutant that ends its process, or does not end, is killed by that."""
    yield from (judged for _, judged in each(judge_mutant, jobs, of_death=_of_death, timeout=TIMEOUT))


def _of_death(job: Job, died: WorkerCrash) -> Judgement:
    return Judgement(job.mutant, job.ops, job.ops[0], 0, "process", Verdict.CRASHED, died.how)


def _jobs(requested: tuple[str, ...], calls: int) -> Iterator[Job]:
    ops_of = reached()
    for file in files():
        for mutant in mutants(file):
            judges = (file,) if file in OPS else ops_of.get((file, mutant.function), ())
            if requested and not {*requested} & {*judges}:
                continue
            each = min(calls, max(SHARED // max(len(judges), 1), LEAST)) if reason(mutant) is None else SPOT
            yield Job(mutant, judges, each)


def judge_mutant(job: Job, heartbeat: Heartbeat) -> Judgement:
    """Draw calls, one of each op in turn, until a theorem of some op kills the mutant.

    Every second call is computed block by block, as large calls are.
    """
    subjects, made = dict[tuple[str, bool], Subject](), 0
    rngs = {name: Random(0) for name in job.ops}
    with single_threaded(), warnings.catch_warnings(action="ignore"):
        for n in range(1, job.calls + 1):
            for name in job.ops:
                heartbeat(made := made + 1)
                which = name, n % 2 == 0
                try:
                    if which not in subjects:
                        subjects[which] = subject_of(job.mutant, *which)
                except Exception as error:
                    return Judgement(job.mutant, job.ops, name, 0, "import", Verdict.CRASHED, _first_line(error))
                try:
                    call = random_call(look_up(name), rngs[name])
                    check(subjects[which], look_up(name), call)
                    if n > FEW:
                        check(subjects[which], look_up(name), call, [every_invalid_variant_is_rejected])
                except Failure as failure:
                    theorem = failure.theorem.__name__ if failure.theorem else ""
                    return Judgement(job.mutant, job.ops, name, n, theorem, failure.verdict, failure.what)
    return Judgement(job.mutant, job.ops, None, job.calls, "", "", "")


def files() -> list[str]:
    """The files of manual/ that have mutants: the ops, and the private files that they share."""
    shared = sorted(p.stem for p in ROOM.glob("_*.py") if p.stem not in NOT_OPS)
    return [*OPS, *shared]


def reached() -> dict[tuple[str, str], tuple[str, ...]]:
    """For each function of a private file, and for the module level of each file ("module"), the ops that run it."""
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for name, functions in each(_traced, OPS):
        for file, function in functions:
            found[file, function][name] = None
            found[file, "module"][name] = None
    order = list(OPS)
    return {key: tuple(sorted(names, key=order.index)) for key, names in found.items()}


def _traced(name: str, heartbeat: Heartbeat) -> set[tuple[str, str]]:
    """The functions of private files that run when an op's theorems are checked."""
    op, subject, rng, profile = look_up(name), load(OURS), Random(0), Profile()
    with single_threaded():
        for n in range(TRACED):
            heartbeat(n)
            call = random_call(op, rng)
            with suppress(Failure):
                profile.runcall(check, subject, op, call)
    codes = [entry.code for entry in profile.getstats() if isinstance(entry.code, CodeType)]
    places = ((Path(code.co_filename), code.co_qualname.partition(".")[0]) for code in codes)
    return {(p.stem, function) for p, function in places if p.parent == ROOM and p.stem.startswith("_")}


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0]
