"""Every theorem on many drawn calls of each op: one row of verdict per op, and the smallest call of a failure."""

import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import hypothesis.configuration
import torch
from hypothesis import HealthCheck, Phase, Verbosity

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import calls, random_call
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import cases, strongest
from cnn_oracle.cases.exact_grids import SMALL
from cnn_oracle.cases.expected import Refusal
from cnn_oracle.compare.bounds import sums
from cnn_oracle.diagnose import precision
from cnn_oracle.diagnose.diagnose import diagnose
from cnn_oracle.environment import pytorch, versions
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.result import Failure, Result, Verdict
from cnn_oracle.subject import Subject
from cnn_oracle.theorems import Theorem
from cnn_oracle.theorems.rejections import must_refuse
from cnn_oracle.vacuity import weigh

EXAMPLES = 100  # drawn calls per op; every theorem is checked on each


class Search(NamedTuple):
    """Calls checked, the worst error as a share of its bound, the failure of the smallest call; tight as in Result."""

    calls: int
    worst: float
    failure: Failure | None
    tight: float | None


def verify(
    subject: Subject, names: Iterable[str] = (), *, examples: int = EXAMPLES, seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Result]:  # fmt: skip
    """Rows for the named ops, or for all that the subject has; ``progress`` is told each op after each call.

    Raises:
        ValueError: a name is no op, or the subject does not have it.
    """
    with steadily():
        for op in covered(subject, names):
            yield verify_op(subject, op, examples, seed, lambda op=op: progress(op.name))  # type: ignore[misc]


@contextmanager
def steadily() -> Iterator[None]:
    """Whoever asks, the verdict is the same: PyTorch has one thread (calls are small), and warnings are no errors."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings(action="default"):
            yield
    finally:
        torch.set_num_threads(threads)


def verify_op(
    subject: Subject, op: Op, examples: int, seed: int, progress: Callable[[], None] = lambda: None, shrink: bool = True
) -> Result:
    """The row of one op, by drawn calls."""
    start = time.perf_counter()
    found = search(subject, op, examples, seed, shrink=shrink, progress=progress)
    found, fast = as_fast(subject, op, found, examples, seed, progress=progress)
    verdict, failure, miss = Verdict.FAST if fast else op.verdict, found.failure, None
    if failure is None:
        failure, miss = weigh(op, examples, seed, subject.dtypes(op.name))
        failure = failure and of_subject(failure, subject)
    verdict, seconds = failure.verdict if failure else verdict, time.perf_counter() - start
    return Result(
        op.name, verdict, found.calls, found.worst, seconds, failure, miss=miss, tight=found.tight,
        unchecked=theorems.unchecked(subject, op), pytorch=pytorch(),
    )  # fmt: skip


def must_hold(subject: Subject, op: Op, theorem: Theorem, seed: int = 0) -> None:
    """One theorem on drawn calls of an op: a test of its own.

    Raises:
        Failure: it does not hold.
    """
    __tracebackhide__ = True
    with steadily():
        found = search(subject, op, EXAMPLES, seed, which=[theorem])
        found, _ = as_fast(subject, op, found, EXAMPLES, seed, [theorem])
    if found.failure:
        raise found.failure


def as_fast(
    subject: Subject, op: Op, found: Search, examples: int, seed: int, which: Sequence[Theorem] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> tuple[Search, bool]:  # fmt: skip
    """What was found, or, if it was nothing but the rounding of a fast algorithm, what is found without it."""
    if found.failure is None or not is_fast(subject, op, found.failure):
        return found, False
    again = search(subject, op.by_fast_algorithm or op, examples, seed, which=which, shrink=False, progress=progress)
    return (found, False) if again.failure else (again, True)


def is_fast(subject: Subject, op: Op, failure: Failure) -> bool:
    """Whether wrong numbers may be the rounding of a fast algorithm: they are not those of a narrow multiplier."""
    return op.by_fast_algorithm is not None and failure.index is not None and not precision.narrow(subject, op)


def covered(subject: Subject, names: Iterable[str] = ()) -> list[Op]:
    """The named ops, each of which the subject must have, or all that it has."""
    if asked := [look_up(name) for name in dict.fromkeys(names)]:
        for op in asked:
            if subject.implementation(op.name) is None:
                raise ValueError(f"subject {subject.name!r} has no {op.name}")
        return asked
    return [op for op in OPS.values() if subject.implementation(op.name) is not None]


def check(subject: Subject, op: Op, call: Call, which: Sequence[Theorem] | None = None) -> float:
    """All theorems of an op (or some) on one call, in their order; the worst error as a fraction of its bound.

    Raises:
        Failure: the first that does not hold.
    """
    __tracebackhide__ = True
    worst = 0.0
    for theorem in which or theorems.of(op, subject):
        try:
            worst = max(worst, theorem(subject, op, call))
        except Failure as failure:
            raise of_subject(failure, subject, theorem) from failure.__cause__
    return worst


def of_subject(failure: Failure, subject: Subject, theorem: Theorem | None = None) -> Failure:
    """The failure with what it is a failure of: a subject, a theorem, and a PyTorch where CI has not run that."""
    version = pytorch()
    untested = "" if version.in_ci else str(version)
    return failure.replace(subject_name=subject.name, theorem=theorem, pytorch=untested)


def search(
    subject: Subject, op: Op, examples: int, seed: int, *,
    which: Sequence[Theorem] | None = None, shrink: bool = True, progress: Callable[[], None] = lambda: None,
) -> Search:  # fmt: skip
    """Every theorem on drawn calls, up to the first wrong number.

    The search draws uniformly; Hypothesis, which draws like to like, is left what nothing does better: to shrink.
    """
    every, is_sum = [*(which or theorems.of(op, subject))], op.comparison.bound is sums.multilinear
    rng, worst, tight, failure = random.Random(seed), 0.0, 0.0, None
    for checked in range(1, examples + 1):  # noqa: B007
        progress()
        try:
            call = random_call(op, rng)
            share = check(subject, op, call, every)
            worst, tight = max(worst, share), max(tight, share * sums.looseness(call) if is_sum else 0.0)
        except Failure as found:
            # what comes later in the order may hide what comes earlier, and tells less: go on, and look for that alone
            failure, every = found, checked_before(every, found.theorem)
            if which or not every or found.theorem in theorems.VALUES:
                break
    least = smallest(subject, op, failure, which) if failure and shrink else failure
    return Search(checked, worst, least, tight if is_sum and not failure else None)


def checked_before(every: list[Theorem], theorem: Theorem | None) -> list[Theorem]:
    """The theorems that stand before this one."""
    return every[: every.index(theorem)] if theorem else []


def smallest(
    subject: Subject, op: Op, found: Failure, which: Sequence[Theorem] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Failure:  # fmt: skip
    """The same theorem's failure on the smallest call that Hypothesis finds, or the one already found.

    It is told as its ``reproduce`` line will tell it: by the first theorem that does not hold there, with its causes.
    """

    @hypothesis.seed(0)
    @hypothesis.settings(
        max_examples=10 * EXAMPLES, database=None, deadline=None, derandomize=False, verbosity=Verbosity.quiet,
        report_multiple_bugs=False, phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(calls(op))
    def run(call: Call) -> None:
        progress()
        check(subject, op, call, [found.theorem] if found.theorem else None)

    try:
        with _home():
            run()
    except Failure as failure:
        plain = _plainer(subject, failure.replace())  # a copy has none of Hypothesis' notes on the call
        return one_call(subject, plain.redo, which).failure or diagnose(subject, op, plain)
    except hypothesis.errors.FlakyFailure:
        flaky = diagnose(subject, op, found)
        if flaky.verdict is Verdict.NONDETERMINISTIC:
            return flaky
        return flaky.replace(verdict=Verdict.NONDETERMINISTIC, what=f"fails now and then: {flaky.what}")
    return found


@contextmanager
def _home() -> Iterator[None]:
    """Hypothesis keeps what it keeps in a folder of ours, not in the caller's."""
    before = hypothesis.configuration.storage_directory(intent_to_write=False).home_directory
    hypothesis.configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir(), "oracle-hypothesis"))
    try:
        yield
    finally:
        hypothesis.configuration.set_hypothesis_home_dir(before)


def _plainer(subject: Subject, found: Failure) -> Failure:
    """The same theorem's failure on the same geometry by one of the first seeds, which draw small numbers, or found."""
    op, which = look_up(found.redo.op), [found.theorem] if found.theorem else None
    for seed in range(min(found.redo.seed, SMALL)):
        if failure := _judged(subject, op, replace(found.redo, seed=seed), which)[2]:
            return failure
    return found


def one_call(subject: Subject, call: Call, which: Sequence[Theorem] | None = None) -> Result:
    """The row of a single call, as a ``reproduce`` line asks for it: by all theorems of its op, or some.

    Of a call that PyTorch refuses, the only theorem is that the subject refuses it.

    Raises:
        ValueError: PyTorch cannot take the call, or must not be handed it.
    """
    op, start = _usable(subject, call), time.perf_counter()
    if strange := [theorem.__name__ for theorem in which or () if theorem not in theorems.of(op, subject)]:
        raise ValueError(f"{call}: {strange[0]} is no theorem of {op.name} in {subject.name!r}")
    with steadily():
        verdict, worst, failure = _judged(subject, op, call, which)
        if failure:
            failure = diagnose(subject, op, failure).replace(only=which is not None)
    return Result(
        op.name, failure.verdict if failure else verdict, 1, worst, time.perf_counter() - start, failure,
        unchecked=theorems.unchecked(subject, op), pytorch=pytorch(),
    )  # fmt: skip


def _judged(
    subject: Subject, op: Op, call: Call, which: Sequence[Theorem] | None
) -> tuple[Verdict, float, Failure | None]:
    if refusal := _refusal(op, call):
        return Verdict.WRONG, 0.0, _taken(subject, op, call, refusal)
    verdict = Verdict.EXACT if strongest(op, call, subject.dtypes(op.name)).exact else Verdict.BOUNDED
    worst, failure = _checked(subject, op, call, which)
    if failure and is_fast(subject, op, failure):
        within, outside = _checked(subject, op.by_fast_algorithm or op, call, which)
        if outside is None:
            return Verdict.FAST, within, None
    return verdict, worst, failure


def _checked(subject: Subject, op: Op, call: Call, which: Sequence[Theorem] | None) -> tuple[float, Failure | None]:
    try:
        return check(subject, op, call, which), None
    except Failure as failure:
        return 0.0, failure


def _refusal(op: Op, call: Call) -> str:
    """Why PyTorch cannot take the call, "" if it can."""
    try:
        list(cases(op, call))
    except (*Refusal, MemoryError) as error:
        return str(error).partition("\n")[0] or type(error).__name__
    return ""


def _taken(subject: Subject, op: Op, call: Call, refusal: str) -> Failure:
    """The failure of a subject that takes what PyTorch refuses.

    Raises:
        ValueError: it refuses, too.
    """
    try:
        with suppress(IndexError, KeyError, TypeError, ValueError, MemoryError):  # arrays that nobody can make
            must_refuse(subject, op, call)
    except Failure as failure:
        return of_subject(failure, subject, theorems.what_pytorch_refuses_is_refused)
    raise ValueError(f"{call}: PyTorch cannot take it: {refusal}")


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


def to_json(subject: Subject, results: Sequence[Result], **asked: Any) -> dict[str, Any]:
    """The document that ``verify --json`` writes; ``asked`` says which calls were."""
    missing = [name for name in OPS if subject.implementation(name) is None]
    return {
        "subject": subject.name,
        **asked,
        "versions": versions(),
        "not_covered": missing,
        "ops": [result.to_json() for result in results],
    }
