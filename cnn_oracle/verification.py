"""The verdict on one op. Its calls are checked block by block; a failure is made smaller and explained.

A function that runs the subject many times is a step (run/batches.py). A step can run in this process or in others,
with the same result.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np
import torch

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import CallList, RandomCalls, Sample, Source, admitted
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import cases, replace, shared_cases, strongest, without_expected
from cnn_oracle.cases.exact_grids import SMALL
from cnn_oracle.cases.expected import Rejection
from cnn_oracle.compare.bounds import sums
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.environment import pytorch, versions
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.result import Failure, Result, Verdict, death
from cnn_oracle.run import memory
from cnn_oracle.run.batches import Batch, Steps, finish
from cnn_oracle.run.subject import backward, forward, run_all
from cnn_oracle.run.workers import Heartbeat, WorkerCrash
from cnn_oracle.subject import Subject
from cnn_oracle.theorems import Theorem
from cnn_oracle.theorems.rejections import must_raise
from cnn_oracle.vacuity import Values, judge_values, together, values_of

EXAMPLES = 100  # drawn calls per op; every theorem is checked on each
BLOCK = 25  # drawn calls per job


class Block(NamedTuple):
    """Consecutive calls of an op as one job: those of a source from ``start`` up to ``stop``.

    Every theorem is checked on each call, or only the theorems ``which``. With ``once``, each call is checked once
    instead: y and all gradients, in float64, on shared arrays. With ``isolated``, the subject also runs the calls that
    are skipped as unsafe, and must survive them.
    """

    subject: Subject
    op: Op
    source: Source
    start: int = 0
    stop: int | None = None
    which: tuple[Theorem, ...] = ()
    once: bool = False
    isolated: bool = False

    @property
    def samples(self) -> Iterator[Sample]:
        return islice(self.source.samples(self.op), self.start, self.stop)


class Tally(NamedTuple):
    """The results of some calls, up to the first failure, and the sample that failed.

    ``error_over_bound`` is the largest error/bound. ``probabilistic_ratio`` is as in Result. ``skipped`` calls are
    unsafe: PyTorch did not run them. A call that ended its process has no sample.
    """

    calls: int = 0
    skipped: int = 0
    error_over_bound: float = 0.0
    probabilistic_ratio: float = 0.0
    values: Values = Values()
    failure: Failure | None = None
    sample: Sample | None = None

    def __or__(self, other: "Tally") -> "Tally":
        """Both tallies in one; ``other`` comes after this one."""
        return Tally(
            self.calls + other.calls, self.skipped + other.skipped, max(self.error_over_bound, other.error_over_bound),
            max(self.probabilistic_ratio, other.probabilistic_ratio), together((self.values, other.values)),
            other.failure or self.failure, other.sample if other.failure else self.sample,
        )  # fmt: skip


class Search(NamedTuple):
    """The number of calls, the largest error/bound, the failure of the smallest call, the probabilistic ratio."""

    calls: int
    error_over_bound: float
    failure: Failure | None
    probabilistic_ratio: float | None


def drawn(subject: Subject, op: Op, examples: int, seed: int) -> Iterator[list[Block]]:
    """One round: the jobs of ``examples`` drawn calls."""
    source = RandomCalls(examples, seed, limits=subject.limits)
    yield [Block(subject, op, source, i, i + BLOCK) for i in range(0, examples, BLOCK)]


def without_end(subject: Subject, op: Op, examples: int, seed: int) -> Iterator[list[Block]]:
    """Rounds as in ``drawn``, without end: each round has the next seed."""
    for n in count(seed):
        yield from drawn(subject, op, examples, n)


def verify_op(
    subject: Subject, op: Op, examples: int, seed: int, progress: Callable[[], None] = lambda: None, shrink: bool = True
) -> Result:
    """The result of one op on drawn calls, computed in this process."""
    result = finish(verdict(subject, op, drawn(subject, op, examples, seed), shrinks=shrink), lambda *_: progress())
    assert result
    return result


def verdict(
    subject: Subject, op: Op, rounds: Iterable[list[Block]], *, shrinks: bool = True, enough: int = 0,
    first: Sequence[Sample] = (), command: str = "verify", options: str = "",
) -> Steps[Result | None]:  # fmt: skip
    """The result of one op on all calls of some rounds of blocks, or None if the time was up before the first call.

    The calls ``first`` are checked before all others. They are not counted unless one of them fails. With fewer than
    ``enough`` calls, the verdict is never VACUOUS. ``command`` and ``options`` of the command line make the same calls
    again.
    """
    start, judged, found = time.perf_counter(), judged_as(subject, op), Tally()
    which, accepted, stale = to_check(subject, op), list[str](), list[str]()
    before = [Block(subject, op, CallList(tuple(first)))] if first else []
    for round_ in rounds:
        once = any(block.once for block in round_)
        if not found.calls and not once:  # early, because time may be limited
            accepted, stale = yield from still_failing(subject, op, round_)
        one, judged = yield from settled([*before, *round_], judged, which)
        found, before = found | one, []
        if found.failure or not one.calls:
            break
    if not found.calls and not found.skipped:
        return None
    failure, miss_probability = found.failure, None
    if failure and shrinks:
        failure = yield from explained(subject, judged_as(subject, op), found, once=once)
    if failure is None:
        some = next((s.call for block in round_ for s in block.samples), Call(op.name, {}, 0))
        vacuous, miss_probability = judge_values(judged, found.values, some)
        if vacuous and found.calls >= enough:
            failure, miss_probability = of_subject(vacuous, subject).replace(command=command, options=options), None
    reached = Verdict.NORMWISE if judged.variant == "normwise" else judged.verdict
    probabilistic_ratio = found.probabilistic_ratio if _is_sum(op) and not failure and not once else None
    calls = max(found.calls - len(first), min(found.calls, 1))
    return Result(
        op.name, failure.verdict if failure else reached, calls, found.error_over_bound, time.perf_counter() - start,
        failure, found.skipped, miss_probability, probabilistic_ratio, theorems.unchecked(subject, op), pytorch(),
        tuple(accepted), tuple(stale), 0 if found.failure else len(first),
    )  # fmt: skip


def to_check(subject: Subject, op: Op) -> list[Theorem]:
    """The theorems of an op, except those with an accepted finding."""
    accepted = subject.limits.accepted.get(op.name, ())
    return [theorem for theorem in theorems.of(op, subject) if theorem.__name__ not in accepted]


def still_failing(subject: Subject, op: Op, round_: Sequence[Block]) -> Steps[tuple[list[str], list[str]]]:
    """The accepted theorems of an op that still fail, and those that now hold, if there are enough calls to tell."""
    failing, stale = list[str](), list[str]()
    for name in subject.limits.accepted.get(op.name, ()):
        which = [theorem for theorem in theorems.of(op, subject) if theorem.__name__ == name]
        found = (yield from settled(round_, judged_as(subject, op), which))[0] if which else Tally(EXAMPLES)
        if found.failure:
            failing.append(name)
        elif found.calls >= EXAMPLES:
            stale.append(name)
    return failing, stale


def settled(round_: Sequence[Block], op: Op, which: Sequence[Theorem]) -> Steps[tuple[Tally, Op]]:
    """The tally of a round, and the op whose bounds were used.

    If the failure may be the rounding of a fast algorithm, all calls are checked again with the normwise bound. If no
    call fails then, that tally counts.
    """
    found = yield from first_failure(round_, op, which)
    if found.failure and op.normwise and (yield from may_be_normwise(round_[0].subject, op, found.failure)):
        again = yield from first_failure(round_, op.normwise, which)
        if again.failure is None:
            return again, op.normwise
    return found, op


def judged_as(subject: Subject, op: Op) -> Op:
    """The op with the conventions that the settings of the subject ask for."""
    return op.without_ties if subject.limits.convention == "any" else op


def first_failure(round_: Sequence[Block], op: Op, which: Sequence[Theorem]) -> Steps[Tally]:
    """The tally of all calls of some blocks, up to the first wrong number."""
    found, every, left = Tally(), tuple(which), [block._replace(op=op) for block in round_]
    while left:
        jobs = [block._replace(which=() if block.once else every) for block in left]
        tallies: list[Tally] = yield Batch(check_block, jobs, _fails, _of_death)
        for tally in tallies:
            found |= tally
        if not tallies or tallies[-1].failure is None:
            return found
        # a later theorem failed, but an earlier one says more and may fail on later calls: go on with the earlier ones
        failure, last, block = tallies[-1].failure, tallies[-1], left[len(tallies) - 1]
        every = checked_before(every, failure.theorem)
        if not every or failure.theorem is None or failure.theorem in theorems.NUMERICAL:
            return found
        rest = block._replace(start=block.start + last.calls + last.skipped)
        left = [rest, *left[len(tallies) :]]
    return found


def _fails(tally: Tally) -> bool:
    return tally.failure is not None


def _of_death(block: Block, died: WorkerCrash) -> Tally:
    """The tally of a block whose process ended. The failure is the call that the process noted last."""
    made = list(islice(block.samples, max(died.number, 0) + 1))
    if not made:  # the job has no calls
        return Tally()
    skipped = sum(1 for one in made if unsafe(one.call))
    return Tally(len(made) - skipped, skipped, failure=death(made[-1].call, died.how, block.subject.name, died.options))


def check_block(block: Block, heartbeat: Heartbeat) -> Tally:
    """The tally of the calls of a block, up to the first failure."""
    subject, op, found, all_values = block.subject, block.op, Tally(), list[Values]()
    calls, skipped, error_over_bound, probabilistic_ratio = 0, 0, 0.0, 0.0
    with single_threaded():
        for i, one in enumerate(block.samples):
            heartbeat(i)
            if block.once and unsafe(one.call):
                skipped += 1
                if block.isolated:
                    survive(subject, op, one.call)
                continue
            calls += 1
            try:
                if block.once:
                    share, values = check_once(subject, op, one.call)
                else:
                    share = check(subject, op, one.call, block.which)
                    values = values_of(strongest(op, one.call, subject.dtypes(op.name)))
                    probabilistic_ratio = (
                        max(probabilistic_ratio, share * sums.probabilistic_ratio(one.call)) if _is_sum(op) else 0.0
                    )
            except Failure as failure:
                found = Tally(failure=of_subject(failure, subject, failure.theorem), sample=one)
                break
            error_over_bound = max(error_over_bound, share)
            all_values.append(values)
    return found._replace(
        calls=calls,
        skipped=skipped,
        error_over_bound=error_over_bound,
        probabilistic_ratio=probabilistic_ratio,
        values=together(all_values),
    )


def _is_sum(op: Op) -> bool:
    return op.comparison.bound is sums.multilinear


def may_be_normwise(subject: Subject, op: Op, failure: Failure) -> Steps[bool]:
    """As ``is_normwise``, but in the process where the subject runs."""
    if op.normwise is None or failure.index is None:
        return False
    (output,) = (yield Batch(_is_normwise, [(subject, op, failure)], of_death=lambda *_: False)) or [False]
    return bool(output)


def _is_normwise(job: tuple[Subject, Op, Failure], heartbeat: Heartbeat) -> bool:
    heartbeat(0)
    with single_threaded():
        return is_normwise(*job)


def is_normwise(subject: Subject, op: Op, failure: Failure) -> bool:
    """Whether wrong numbers may be the rounding of a fast algorithm: if reduced precision does not explain them."""
    from cnn_oracle.diagnose import precision

    return op.normwise is not None and failure.index is not None and not precision.reduced_precision(subject, op)


class FailureToExplain(NamedTuple):
    """A failure as it was found, with all that is needed to shrink and explain it."""

    subject: Subject
    op: Op
    failure: Failure
    sample: Sample
    which: tuple[Theorem, ...] = ()


def explained(
    subject: Subject, op: Op, found: Tally, which: Sequence[Theorem] = (), once: bool = False
) -> Steps[Failure]:
    """The failure of a tally, made smaller, with likely causes. If a smaller call ends the process, the call stays."""
    failure = found.failure
    assert failure
    if found.sample is None:  # the process ended: only the call is known
        return failure
    job = FailureToExplain(subject, op, failure, found.sample, tuple(which))
    for work in (_as_drawn if once else _shrunk, _diagnosed):
        (better,) = (yield Batch(work, [job], of_death=lambda *_: None)) or [None]
        if better is not None:
            return better  # type: ignore[no-any-return]
    return failure


def _shrunk(job: FailureToExplain, heartbeat: Heartbeat) -> Failure:
    numbers = count()
    with single_threaded():
        return shrink(job.subject, job.op, job.failure, job.sample, job.which, lambda: heartbeat(next(numbers)))


def _diagnosed(job: FailureToExplain, heartbeat: Heartbeat) -> Failure:
    heartbeat(0)
    with single_threaded():
        return diagnose(job.subject, job.op, job.failure)


def _as_drawn(job: FailureToExplain, heartbeat: Heartbeat) -> Failure:
    """The failure on the arrays that its ``reproduce`` line draws. They nearly always show it; else as it was found."""
    heartbeat(0)
    for seed in range(3):
        if failure := check_call(job.subject, Call(job.op.name, job.failure.call.arguments, seed)).failure:
            return failure
    return _diagnosed(job, heartbeat)


def diagnose(subject: Subject, op: Op, failure: Failure) -> Failure:
    """The failure with its diagnosis."""
    from cnn_oracle.diagnose.diagnose import diagnose

    return diagnose(subject, op, failure)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Run with one PyTorch thread (calls are small) and without warnings as errors.

    So the verdict does not depend on the caller.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings(action="default"), memory.watched():
            yield
    finally:
        torch.set_num_threads(threads)


def assert_theorem(subject: Subject, op: Op, theorem: Theorem, seed: int = 0, first: Sequence[Sample] = ()) -> None:
    """Check one theorem on the calls ``first`` and on drawn calls of an op.

    Raises:
        Failure: The theorem does not hold.
    """
    __tracebackhide__ = True
    if failure := search(subject, op, EXAMPLES, seed, which=[theorem], first=first).failure:
        raise failure


def search(
    subject: Subject, op: Op, examples: int, seed: int, *, which: Sequence[Theorem] = (), shrink: bool = True,
    first: Sequence[Sample] = (),
) -> Search:  # fmt: skip
    """Check all theorems of an op, or only ``which``, on drawn calls, in this process."""
    (round_,) = drawn(subject, op, examples, seed)
    round_ = [*([Block(subject, op, CallList(tuple(first)))] if first else []), *round_]
    return finish(_search(subject, op, round_, which, shrink))


def _search(subject: Subject, op: Op, round_: list[Block], which: Sequence[Theorem], shrinks: bool) -> Steps[Search]:
    found, judged = yield from settled(round_, judged_as(subject, op), which or to_check(subject, op))
    failure = found.failure
    if failure and shrinks:
        failure = yield from explained(subject, judged_as(subject, op), found, which)
    return Search(
        found.calls,
        found.error_over_bound,
        failure,
        found.probabilistic_ratio if _is_sum(judged) and not failure else None,
    )


def covered(subject: Subject, names: Iterable[str] = ()) -> list[Op]:
    """The named ops, or all ops that the subject has.

    Raises:
        ValueError: A name is no op, or the subject does not have it.
    """
    if requested := [look_up(name) for name in dict.fromkeys(names)]:
        for op in requested:
            if subject.implementation(op.name) is None:
                raise ValueError(f"subject {subject.name!r} has no {op.name}")
        return requested
    return [op for op in OPS.values() if subject.implementation(op.name) is not None]


def check(subject: Subject, op: Op, call: Call, which: Sequence[Theorem] = ()) -> float:
    """Check all theorems of an op, or only ``which``, on one call, in order. Returns the largest error/bound.

    Raises:
        Failure: A theorem does not hold. The first failure is raised.
    """
    __tracebackhide__ = True
    error_over_bound = 0.0
    for theorem in which or to_check(subject, op):
        try:
            error_over_bound = max(error_over_bound, theorem(subject, op, call))
        except Failure as failure:
            raise of_subject(failure, subject, theorem) from failure.__cause__
    return error_over_bound


def check_once(subject: Subject, op: Op, call: Call) -> tuple[float, Values]:
    """Check y and all gradients on every shared case of a call.

    Returns the largest error/bound, and the expected values of the first case.

    Raises:
        Failure: An output is wrong.
    """
    error_over_bound, values = 0.0, Values()
    for i, case in enumerate(shared_cases(op, call)):
        got = run_all(subject, op, case)
        if not (case.exact and all(_same(a, case.expected[q]) for q, a in got.items())):
            error_over_bound = max(error_over_bound, compare(case, got, tolerance(op, case)))
        values = values_of(case) if i == 0 else values
    return error_over_bound, values


def _same(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and bool((a == b).all())


def survive(subject: Subject, op: Op, call: Call) -> None:
    """Run forward and backward on an unsafe call. Nothing is compared: the subject only has to return."""
    case = without_expected(op, call)
    with suppress(Failure):
        y = np.asarray(forward(subject, case)["y"])
        backward(subject, replace(case, dy=case.rng.standard_normal(y.shape)))


def of_subject(failure: Failure, subject: Subject, theorem: Theorem | None = None) -> Failure:
    """The failure with its subject, its theorem, and the version of PyTorch if CI does not run this version."""
    version = pytorch()
    untested = "" if version.in_ci else str(version)
    return failure.replace(subject_name=subject.name, theorem=theorem, pytorch=untested)


def checked_before(every: Sequence[Theorem], theorem: Theorem | None) -> tuple[Theorem, ...]:
    """The theorems before this one."""
    return tuple(every[: every.index(theorem)]) if theorem in every else ()


def shrink(
    subject: Subject, op: Op, found: Failure, sample: Sample, which: Sequence[Theorem] = (),
    progress: Callable[[], None] = lambda: None,
) -> Failure:  # fmt: skip
    """The failure of the same theorem on the smallest call, or the failure already found.

    It reports what its ``reproduce`` line will report: the first theorem that fails on that call, with likely causes.
    """
    from cnn_oracle.calls.shrinking import FlakyError, shrink  # imported only after a failure

    def attempt(call: Call) -> None:
        progress()
        check(subject, op, call, [found.theorem] if found.theorem else ())

    try:
        shrink(op, sample, attempt, limits=subject.limits)
    except Failure as failure:
        plain = _plainer(subject, failure.replace())  # the copy drops Hypothesis' notes on the call
        return check_call(subject, plain.reproducer, which).failure or diagnose(subject, op, plain)
    except FlakyError:
        flaky = diagnose(subject, op, found)
        if flaky.verdict is Verdict.NONDETERMINISTIC:
            return flaky
        return flaky.replace(verdict=Verdict.NONDETERMINISTIC, what=f"fails now and then: {flaky.what}")


def _plainer(subject: Subject, found: Failure) -> Failure:
    """The failure of the same theorem on the same geometry with a first seed, which draws small numbers; else found."""
    op, which = judged_as(subject, look_up(found.reproducer.op)), [found.theorem] if found.theorem else []
    for seed in range(min(found.reproducer.seed, SMALL)):
        if failure := _judged(subject, op, Call(op.name, found.reproducer.arguments, seed), which)[2]:
            return failure
    return found


def check_call(subject: Subject, call: Call, which: Sequence[Theorem] = ()) -> Result:
    """Check one call with all theorems of its op, or only ``which``, as a ``reproduce`` line does.

    If PyTorch rejects the call, the subject must reject it too. Then no other theorem is checked.

    Raises:
        ValueError: The call cannot be used: PyTorch and the subject reject it, or it is unsafe.
    """
    op, start = judged_as(subject, _usable(subject, call)), time.perf_counter()
    if strange := [theorem.__name__ for theorem in which if theorem not in theorems.of(op, subject)]:
        raise ValueError(f"{call}: {strange[0]} is no theorem of {op.name} in {subject.name!r}")
    with single_threaded():
        verdict, error_over_bound, failure = _judged(subject, op, call, which)
        if failure:
            failure = diagnose(subject, op, failure).replace(only=bool(which))
    return Result(
        op.name, failure.verdict if failure else verdict, 1, error_over_bound, time.perf_counter() - start, failure,
        unchecked=theorems.unchecked(subject, op), pytorch=pytorch(),
    )  # fmt: skip


def _judged(subject: Subject, op: Op, call: Call, which: Sequence[Theorem]) -> tuple[Verdict, float, Failure | None]:
    if rejection := _rejection(op, call):
        return Verdict.WRONG, 0.0, _taken(subject, op, call, rejection)
    verdict = Verdict.EXACT if strongest(op, call, subject.dtypes(op.name)).exact else Verdict.BOUNDED
    error_over_bound, failure = _checked(subject, op, call, which)
    if failure and is_normwise(subject, op, failure):
        within, outside = _checked(subject, op.normwise or op, call, which)
        if outside is None:
            return Verdict.NORMWISE, within, None
    return verdict, error_over_bound, failure


def _checked(subject: Subject, op: Op, call: Call, which: Sequence[Theorem]) -> tuple[float, Failure | None]:
    try:
        return check(subject, op, call, which), None
    except Failure as failure:
        return 0.0, failure


def _rejection(op: Op, call: Call) -> str:
    """Why PyTorch rejects the call, or "" if it accepts it."""
    try:
        list(cases(op, call))
    except (*Rejection, MemoryError) as error:
        return str(error).partition("\n")[0] or type(error).__name__
    return ""


def _taken(subject: Subject, op: Op, call: Call, rejection: str) -> Failure:
    """The failure of a subject that accepts a call which PyTorch rejects.

    Raises:
        ValueError: The subject rejects the call too.
    """
    try:
        with suppress(IndexError, KeyError, TypeError, ValueError, MemoryError):  # the arrays cannot be made
            must_raise(subject, op, call)
    except Failure as failure:
        return of_subject(failure, subject, theorems.what_pytorch_rejects_is_rejected)
    raise ValueError(f"{call}: PyTorch cannot take it: {rejection}")


def checkable(subject: Subject, call: Call) -> bool:
    """Whether all theorems can be checked on the call. A stored call may come from another version of the op."""
    try:
        op = _usable(subject, call)
    except ValueError:
        return False
    return admitted(op, call, subject.limits) and not _rejection(op, call)


def _usable(subject: Subject, call: Call) -> Op:
    op = look_up(call.op)
    if unknown := [n for n in call.arguments if n not in op.parameters]:
        raise ValueError(f"{call}: {op.name} has no argument {unknown[0]!r}; it has {', '.join(op.parameters)}")
    needed = [n for n, p in op.parameters.items() if p.default is p.empty and not (op.kind == "step" and n == "dw")]
    if missing := [n for n in needed if n not in call.arguments]:
        raise ValueError(f"{call}: {op.name} needs {', '.join(missing)}")
    if reason := unsafe(call):
        raise ValueError(f"{call}: {reason}, where PyTorch itself writes outside its arrays")
    return covered(subject, [call.op])[0]


def to_json(subject: Subject, results: Sequence[Result], **requested: Any) -> dict[str, Any]:
    """The document that ``verify --json`` writes. ``requested`` describes the requested calls."""
    missing = [name for name in OPS if subject.implementation(name) is None]
    return {
        "schema": 1,
        "subject": subject.name,
        **requested,
        "versions": versions(),
        "not_covered": missing,
        "ops": [result.to_json() for result in results],
    }
