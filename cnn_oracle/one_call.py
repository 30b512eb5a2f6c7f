"""The verdict on one call, and the smallest call that fails as another one does."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from cnn_oracle import theorems
from cnn_oracle.call import Call, parse
from cnn_oracle.calls.sampling import Sample, admitted
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import cases, strongest
from cnn_oracle.cases.exact_grids import SMALL
from cnn_oracle.cases.expected import Rejection
from cnn_oracle.checks import DIFFERS, Checked, check_all, of_subject, of_theorem, single_threaded
from cnn_oracle.environment import pytorch
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.partial import ABSENT, EMPTY, Features, features, forms
from cnn_oracle.result import REQUIREMENTS, Failure, Result, Verdict, finding
from cnn_oracle.run.workers import Heartbeat, at
from cnn_oracle.subject import Subject
from cnn_oracle.theorems import Theorem
from cnn_oracle.theorems.rejections import must_raise

BATCH = REQUIREMENTS["batch-invariance"]
REJECTIONS = ("accepts invalid input", "exception type")  # kinds of findings on invalid calls


class Found(NamedTuple):
    """A failure or a contract finding, with the sample that showed it. A call that ended its process has no sample."""

    failure: Failure
    sample: Sample | None

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """Failures with one key are the same finding on other calls."""
        one = self.failure
        function = one.quantity if one.kind in REJECTIONS else ""
        return getattr(one.theorem, "__name__", ""), one.kind, function, one.verdict is Verdict.CRASHED


def is_normwise(subject: Subject, op: Op, failure: Failure) -> bool:
    """Whether wrong numbers may be the rounding of a fast algorithm: if reduced precision does not explain them."""
    from cnn_oracle.diagnose import precision

    return op.normwise is not None and failure.index is not None and not precision.reduced_precision(subject, op)


def raised_on(reason: str, failure: Failure, strict: bool) -> Failure:
    """The finding of a subject that raises on calls with a feature: an empty array, for example."""
    kind = "empty input" if reason == EMPTY else "None" if reason.endswith(ABSENT) else "unsupported"
    what = failure.what if reason == EMPTY else f"{reason}: {failure.what}"
    return failure.replace(verdict=Verdict.CONTRACT, kind=kind, what=what, fails=strict)


def required(job: tuple[Subject, Op, Call | None], heartbeat: Heartbeat) -> list[Failure]:
    """What does not hold of that which is required besides the theorems: on one call, or else on one with long axes."""
    from cnn_oracle.diagnose.batch_invariance import changed, changes  # imported only if it is required

    (subject, op, call), found = job, list[Failure]()
    heartbeat(0)
    with single_threaded(), suppress(Failure):  # it crashes: the theorems say so
        for dtype in subject.dtypes(op.name):
            for one in changed(subject, op, call, dtype) if call else changes(subject, op, dtype):
                where = parse(one.call, call.seed if call else 0)
                found.append(of_subject(finding(BATCH, f"in {dtype}, {one}", where), subject))
    return found


def diagnose(subject: Subject, op: Op, failure: Failure) -> Failure:
    """The failure with its diagnosis."""
    from cnn_oracle.diagnose.diagnose import diagnose

    return diagnose(subject, op, failure)


def shrink(
    subject: Subject, op: Op, found: Failure, sample: Sample, which: Sequence[Theorem] = (),
    progress: Callable[[], None] = lambda: None, within: Features | None = None,
) -> Failure:  # fmt: skip
    """The same failure on the smallest call that shows it, with likely causes.

    It reports what its ``reproduce`` line will report: the first failure on that call.
    """
    small, is_flaky = smallest(subject, op, found, sample, progress, within)
    if is_flaky:
        flaky = diagnose(subject, op, found)
        if flaky.verdict is Verdict.NONDETERMINISTIC:
            return flaky
        return flaky.replace(verdict=Verdict.NONDETERMINISTIC, what=f"fails now and then: {flaky.what}")
    if small is found:
        return diagnose(subject, op, found)
    return check_call(subject, small.call, which).failure or diagnose(subject, op, small)


def smallest(
    subject: Subject, op: Op, found: Failure, sample: Sample, progress: Callable[[], None] = lambda: None,
    within: Features | None = None,
) -> tuple[Failure, bool]:  # fmt: skip
    """The same failure on the smallest call that shows it, and whether it does not occur each time."""
    from cnn_oracle.calls.shrinking import FlakyError, shrink  # imported only after a failure

    def attempt(call: Call) -> None:
        progress()
        if within is not None and not forms(op, call) <= within:
            return
        if failure := same_on(subject, op, found, call):
            raise failure

    try:
        shrink(op, sample, attempt, limits=subject.limits)
    except Failure as failure:
        return _plainer(subject, failure.replace()), False  # the copy drops Hypothesis' notes on the call
    except FlakyError:
        return found, True


def same_on(subject: Subject, op: Op, found: Failure, call: Call) -> Failure | None:
    """The failure with the same key on another call, or None."""
    key = Found(found, None).key
    checked = check_all(subject, op, call, [found.theorem] if found.theorem else ())
    every = (*checked.failures, *checked.findings)
    return next((one for one in every if Found(one, None).key == key or not found.theorem), None)


def _plainer(subject: Subject, found: Failure) -> Failure:
    """The same failure on the same geometry with a first seed, which draws small numbers; else found."""
    op = look_up(found.call.op)
    if found.kind in REJECTIONS and _rejection(op, found.call):  # the call is itself the invalid variant
        return found
    for seed in range(min(found.call.seed, SMALL)):
        if failure := same_on(subject, op, found, Call(op.name, found.call.arguments, seed)):
            return failure
    return found


def check_call(subject: Subject, call: Call, which: Sequence[Theorem] = ()) -> Result:
    """Check one call with all theorems of its op, or only ``which``, as a ``reproduce`` line does.

    If PyTorch rejects the call, the subject must reject it too. Then no other theorem is checked.

    Raises:
        ValueError: The call cannot be used: PyTorch and the subject reject it, or it is unsafe.
    """
    op, start = _usable(subject, call), time.perf_counter()
    if strange := [theorem.__name__ for theorem in which if theorem not in theorems.of(op, subject)]:
        raise ValueError(f"{call}: {strange[0]} is no theorem of {op.name} in {subject.name!r}")
    with single_threaded() as warned, at(call):
        numbers, checked = _judged(subject, op, call, which)
        if subject.limits.require and not which and not checked.missing and not checked.failures:
            checked = checked._replace(findings=(*checked.findings, *required((subject, op, call), lambda _: None)))
        crashed = [one for one in checked.failures if one.verdict is Verdict.CRASHED]
        if crashed and crashed == [*checked.failures] and EMPTY in forms(op, call) and not subject.ours:
            finding = raised_on(EMPTY, crashed[0], subject.strict)
            checked = Checked(findings=(*checked.findings, finding), missing=EMPTY)
        failing = [*checked.failures, *(one for one in checked.findings if one.fails)]
        if failing:
            failing[0] = diagnose(subject, op, failing[0]).replace(only=bool(which))
    missed = {checked.missing: 1} if checked.missing else {}
    if checked.missing == DIFFERS:
        missed = {", ".join(sorted(features(op, call))): 1}
    reached = Verdict.NOT_COVERED if checked.missing else numbers
    return Result(
        op.name, failing[0].verdict if failing else reached, int(not checked.missing), checked.error_over_bound,
        time.perf_counter() - start, failing[0] if failing else None, unchecked=theorems.unchecked(subject, op),
        pytorch=pytorch(), numbers=checked.failures[0].verdict if checked.failures else reached,
        failures=tuple(failing), contract=checked.findings, unsupported=missed, drawn=1, subject_warnings=warned,
    )  # fmt: skip


def _judged(subject: Subject, op: Op, call: Call, which: Sequence[Theorem]) -> tuple[Verdict, Checked]:
    if rejection := _rejection(op, call):
        return Verdict.EXACT, Checked(findings=(_taken(subject, op, call, rejection),))
    verdict = Verdict.EXACT if strongest(op, call, subject.dtypes(op.name)).exact else Verdict.BOUNDED
    checked = check_all(subject, op, call, which)
    wrong = next((one for one in checked.failures if one.index is not None), None)
    if wrong and is_normwise(subject, op, wrong):
        again = check_all(subject, op.normwise or op, call, which)
        if not again.failures:
            return Verdict.NORMWISE, again
    return verdict, checked


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
        return of_theorem(failure, subject, theorems.what_pytorch_rejects_is_rejected)
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


def covered(subject: Subject, names: Iterable[str] = ()) -> list[Op]:
    """The named ops, or all ops that the subject has.

    Raises:
        ValueError: A name is no op, or the subject does not have it, or its declarations cannot be used.
    """
    if requested := [look_up(name) for name in dict.fromkeys(names)]:
        for op in requested:
            if subject.implementation(op.name) is None:
                hint = subject.expected(op)
                raise ValueError(f"subject {subject.name!r}{f': {hint}' if hint else f' has no {op.name}'}")
    found = requested or [op for op in OPS.values() if subject.implementation(op.name) is not None]
    for op in found:
        subject.check(op)
    return found


def has_none(subject: Subject) -> str:
    """What to say of a subject that has none of the ops."""
    hints = [hint for op in OPS.values() if (hint := subject.expected(op))]
    return f"subject {subject.name!r} has none of the ops; {hints[0] if hints else 'see cnn-oracle ops'}"
