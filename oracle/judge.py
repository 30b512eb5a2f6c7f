"""Every theorem on many drawn calls of each op: one row of verdict per op, and the smallest call of a failure."""

import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import hypothesis.configuration
import torch
from hypothesis import HealthCheck, Phase, Verbosity

from oracle import bounds, probe, theorems
from oracle.calls import Call
from oracle.diagnose import diagnose
from oracle.environment import versions
from oracle.lattices import SMALL
from oracle.ops import OPS, Op, look_up
from oracle.pytorch import Refusal
from oracle.refusals import must_refuse
from oracle.strategies import calls, random_call
from oracle.subjects import Subject
from oracle.theorems import Theorem
from oracle.trust import weigh
from oracle.unsafe import unsafe
from oracle.verdicts import Failure, Verdict

EXAMPLES = 100  # drawn calls per op; every theorem is checked on each


class Row(NamedTuple):
    """What verify has to say of one op. ``worst`` is the largest error met, as a fraction of its bound.

    ``withheld`` calls were not checked, because PyTorch is unsafe on them; drawn calls are never such. ``miss`` is the
    probability that an error polynomial in the inputs is not seen at a value where it lies. ``tight`` is the largest
    error as a share of √K u Σ|products|, which sums of K products seldom exceed; None of what is no such sum.
    ``unchecked`` is what the subject does not have, or not tell, and the verdict does not speak of.
    """

    op: str
    verdict: Verdict
    calls: int
    worst: float
    seconds: float
    failure: Failure | None
    withheld: int = 0
    miss: float | None = None
    tight: float | None = None
    unchecked: tuple[str, ...] = ()


class Search(NamedTuple):
    """Calls checked, the worst error as a share of its bound, the failure of the smallest call; tight as in Row."""

    calls: int
    worst: float
    failure: Failure | None
    tight: float | None


def verify(
    subject: Subject, names: Iterable[str] = (), *, examples: int = EXAMPLES, seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Row]:  # fmt: skip
    """Rows for the named ops, or for all that the subject has; ``progress`` is told each op after each call.

    Raises:
        ValueError: a name is no op, or the subject does not have it.
    """
    with steadily():
        for op in covered(subject, names):
            yield row_of(subject, op, examples, seed, lambda op=op: progress(op.name))  # type: ignore[misc]


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


def row_of(
    subject: Subject, op: Op, examples: int, seed: int, progress: Callable[[], None] = lambda: None, shrink: bool = True
) -> Row:
    """The row of one op, by drawn calls."""
    start = time.perf_counter()
    found = search(subject, op, examples, seed, shrink=shrink, progress=progress)
    found, fast = as_fast(subject, op, found, examples, seed, progress=progress)
    verdict, failure, miss = Verdict.FAST if fast else op.verdict, found.failure, None
    if failure is None:
        failure, miss = weigh(op, examples, seed, subject.dtypes(op.name))
    if failure:
        failure.subject_name, verdict = subject.name, failure.verdict
    seconds, unchecked = time.perf_counter() - start, theorems.unchecked(subject, op)
    return Row(op.name, verdict, found.calls, found.worst, seconds, failure, 0, miss, found.tight, unchecked)


def must_hold(subject: Subject, op: Op, theorem: Theorem, seed: int = 0) -> None:
    """One theorem on drawn calls of an op: a test of its own.

    Raises:
        Failure: it does not hold.
    """
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
    return op.by_fast_algorithm is not None and failure.index is not None and not probe.narrow(subject, op)


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
    worst = 0.0
    for theorem in which or theorems.of(op, subject):
        try:
            worst = max(worst, theorem(subject, op, call))
        except Failure as failure:
            failure.subject_name, failure.on_trial, failure.theorem = subject.name, subject, theorem
            raise
    return worst


def search(
    subject: Subject, op: Op, examples: int, seed: int, *,
    which: Sequence[Theorem] | None = None, shrink: bool = True, progress: Callable[[], None] = lambda: None,
) -> Search:  # fmt: skip
    """Every theorem on drawn calls, up to the first wrong number.

    The search draws uniformly; Hypothesis, which draws like to like, is left what nothing does better: to shrink.
    """
    every, is_sum = [*(which or theorems.of(op, subject))], op.comparison.bound is bounds.multilinear
    rng, worst, tight, failure = random.Random(seed), 0.0, 0.0, None
    for checked in range(1, examples + 1):  # noqa: B007
        progress()
        try:
            call = random_call(op, rng)
            share = check(subject, op, call, every)
            worst, tight = max(worst, share), max(tight, share * bounds.looseness(call) if is_sum else 0.0)
        except Failure as found:
            # what comes later in the order may hide what comes earlier, and tells less: go on, and look for that alone
            failure, every = found, every[: every.index(found.theorem)]
            if which or not every or found.theorem in theorems.VALUES:
                break
    least = smallest(subject, op, failure, which) if failure and shrink else failure
    return Search(checked, worst, least, tight if is_sum and not failure else None)


def smallest(
    subject: Subject, op: Op, found: Failure, which: Sequence[Theorem] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Failure:  # fmt: skip
    """The same theorem's failure on the smallest call that Hypothesis finds, or the one already found.

    It is told as its ``again`` line will tell it: by the first theorem that does not hold there, with its causes.
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
        failure.__notes__ = []  # Hypothesis' own account of the call
        failure = _plainer(subject, failure)
        return one_call(subject, failure.redo, which).failure or diagnose(subject, op, failure)
    except hypothesis.errors.FlakyFailure:
        if diagnose(subject, op, found).verdict is not Verdict.NONDETERMINISTIC:
            found.verdict, found.what = Verdict.NONDETERMINISTIC, f"fails now and then: {found.what}"
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
    for seed in range(min(found.redo.seed, SMALL)):
        if failure := one_call(subject, replace(found.redo, seed=seed), [found.theorem]).failure:
            return failure
    return found


def one_call(subject: Subject, call: Call, which: Sequence[Theorem] | None = None) -> Row:
    """The row of a single call, as an ``again`` line asks for it: by all theorems of its op, or some.

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
        failure.alone, verdict = which is not None, failure.verdict
    seconds, unchecked = time.perf_counter() - start, theorems.unchecked(subject, op)
    return Row(op.name, verdict, 1, worst, seconds, failure, unchecked=unchecked)


def _judged(
    subject: Subject, op: Op, call: Call, which: Sequence[Theorem] | None
) -> tuple[Verdict, float, Failure | None]:
    if refusal := _refusal(op, call):
        return Verdict.WRONG, 0.0, _taken(subject, op, call, refusal)
    verdict = Verdict.EXACT if theorems.strongest(op, call, subject.dtypes(op.name)).exact else Verdict.BOUNDED
    worst, failure = _checked(subject, op, call, which)
    if failure and is_fast(subject, op, failure):
        within, outside = _checked(subject, op.by_fast_algorithm or op, call, which)
        if outside is None:
            return Verdict.FAST, within, None
    return verdict, worst, failure and diagnose(subject, op, failure)


def _checked(subject: Subject, op: Op, call: Call, which: Sequence[Theorem] | None) -> tuple[float, Failure | None]:
    try:
        return check(subject, op, call, which), None
    except Failure as failure:
        return 0.0, failure


def _refusal(op: Op, call: Call) -> str:
    """Why PyTorch cannot take the call, "" if it can."""
    try:
        list(theorems.cases(op, call))
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
        failure.subject_name, failure.on_trial = subject.name, subject
        failure.theorem = theorems.what_pytorch_refuses_is_refused
        return failure
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


def to_json(subject: Subject, rows: Sequence[Row], **asked: Any) -> dict[str, Any]:
    """The document that ``verify --json`` writes; ``asked`` says which calls were."""
    missing = [name for name in OPS if subject.implementation(name) is None]
    return {
        "subject": subject.name,
        **asked,
        "versions": versions(),
        "not_covered": missing,
        "ops": [row._asdict() | {"failure": row.failure and _failure(row.failure)} for row in rows],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "verdict": failure.verdict,
        "what": failure.what,
        "quantity": failure.quantity,
        "index": failure.index,
        "subject": _number(failure.subject),
        "reference": _number(failure.reference),
        "call": str(failure.call),
        "ruling": failure.ruling,
        "mistakes": failure.mistakes,
        "again": failure.again,
    }


def _number(value: float | None) -> float | str | None:
    """JSON has no NaN and no infinity: they are told as text."""
    return value if value is None or isfinite(value) else str(value)
