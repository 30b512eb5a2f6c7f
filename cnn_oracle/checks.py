"""The checks of one call: each theorem, in one thread, with every warning counted."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.cases.case import draw, replace, shared_cases, without_expected
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.compare.conventions import AT_NAN, TIE, collected
from cnn_oracle.environment import pytorch
from cnn_oracle.global_state import Warned, ours
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run import memory
from cnn_oracle.run.subject import backward, forward, run_all
from cnn_oracle.subject import Subject
from cnn_oracle.theorems import Theorem
from cnn_oracle.theorems.limits import pytorch_raises
from cnn_oracle.vacuity import Values, values_of


def to_check(subject: Subject, op: Op) -> list[Theorem]:
    """The theorems of an op, except those with an accepted finding."""
    accepted = subject.limits.accepted.get(op.name, ())
    return [theorem for theorem in theorems.of(op, subject) if theorem.__name__ not in accepted]


@contextmanager
def single_threaded() -> Iterator[Mapping[Warned, int]]:
    """Run with our global state, such as one PyTorch thread. The value counts the warnings of the subject."""
    with ours() as warned, memory.watched():
        yield warned


class Checked(NamedTuple):
    """The result of one call. If ``missing`` is not "", the subject does not support the call, for this reason."""

    error_over_bound: float = 0.0
    failures: tuple[Failure, ...] = ()
    findings: tuple[Failure, ...] = ()
    missing: str = ""
    values: Values = Values()
    why: Failure | None = None


LIMIT = "a limit of PyTorch"  # its own public function raises, too
DIFFERS = "differs"  # the reason is to be found by comparing the call with others


def check(subject: Subject, op: Op, call: Call, which: Sequence[Theorem] = ()) -> float:
    """Check all theorems of an op, or only ``which``, on one call, in order. Returns the largest error/bound.

    Raises:
        Failure: A theorem does not hold. The first failure is raised, also if it is only a contract finding, or if the
            subject does not support the call.
    """
    __tracebackhide__ = True
    checked = check_all(subject, op, call, which)
    if checked.missing:
        what = f"the call is not covered: {checked.missing}"
        raise checked.why or Failure(what, call, verdict=Verdict.NOT_COVERED, subject_name=subject.name)
    for failure in (*checked.failures, *checked.findings):
        raise failure
    return checked.error_over_bound


def check_all(subject: Subject, op: Op, call: Call, which: Sequence[Theorem] = ()) -> Checked:
    """Check all theorems of an op, or only ``which``, on one call: first the numbers, then the contract.

    A convention does not end the check: what else a theorem finds is found too, and the other theorems are checked
    without ties. The contract is checked only if all numbers are right.
    """
    if missing := "" if subject.ours else subject.lacks(op, call):
        return Checked(missing=missing)
    error_over_bound, failures, findings = 0.0, list[Failure](), list[Failure]()
    for theorem in which or to_check(subject, op):
        if theorem in theorems.CONTRACT and any(one.verdict is not Verdict.CONVENTION for one in failures):
            break
        with collected(not subject.ours) as choices:
            try:
                for failure in _violations(theorem, subject, op, call):
                    if isinstance(failure, float):
                        error_over_bound = max(error_over_bound, failure)
                    else:
                        findings.append(of_theorem(failure, subject, theorem))
            except Failure as failure:
                one = of_theorem(failure, subject, theorem)
                if one.verdict is Verdict.NOT_COVERED and one.call.arguments != call.arguments:
                    continue  # the theorem uses a call of its own, with other options
                if one.verdict is Verdict.NOT_COVERED:
                    return Checked(missing=one.quantity or DIFFERS, why=one)
                if one.verdict is Verdict.CRASHED and not subject.ours and pytorch_raises(draw(op, call)):
                    return Checked(missing=LIMIT, why=one)
                if one.kind == "dtype" and theorem not in theorems.CONTRACT:  # look at the numbers in float32
                    return _in_float32(subject, op, call, which, one)
                if one.verdict is Verdict.CONTRACT:
                    findings.append(one)
                else:
                    failures.append(one)
                    if one.verdict is Verdict.CRASHED:
                        break
        if theorem not in theorems.CONTRACT:
            for noted in _conventions(subject, choices, theorem):
                (failures if noted.fails else findings).append(noted)
                op = op.without_ties
    failures.sort(key=lambda one: one.verdict is Verdict.CONVENTION)
    return Checked(error_over_bound, tuple(failures), tuple(findings))


def _violations(theorem: Theorem, subject: Subject, op: Op, call: Call) -> Iterator[float | Failure]:
    """What a theorem finds on a call: the largest error/bound, or findings."""
    every = theorems.EVERY_FINDING.get(theorem)
    if every:
        yield from every(subject, op, call)
    else:
        yield theorem(subject, op, call)


def of_theorem(failure: Failure, subject: Subject, theorem: Theorem | None) -> Failure:
    named = of_subject(failure, subject, theorem)
    named.__cause__ = failure.__cause__
    return named.replace(fails=True) if subject.strict and named.kind and not named.fails else named


def _conventions(
    subject: Subject, choices: Sequence[tuple[str, Failure]], theorem: Theorem | None = None
) -> Iterator[Failure]:
    """The first of the other choices at a tie, and the first about NaN. It is a note, or fails, by the settings."""
    first = dict(reversed(choices))
    if tie := first.get(TIE):
        what = f"another choice at a tie or a nondifferentiable point than PyTorch's: {tie.what}"
        verdict = Verdict.CONTRACT if subject.limits.convention == "any" else Verdict.CONVENTION
        fails = verdict is Verdict.CONVENTION
        noted = of_subject(tie, subject, theorem)
        yield noted.replace(verdict=verdict, kind="convention", what=what, title="", fails=fails)
    if at_nan := first.get(AT_NAN):
        what = f"another choice at NaN than PyTorch's: {at_nan.what}"
        noted = of_subject(at_nan, subject, theorem)
        yield noted.replace(verdict=Verdict.CONTRACT, kind="convention", what=what, title="", fails=False)


class _InFloat32:
    """An implementation that is checked in float32 only."""

    dtypes = ("float32",)

    def __init__(self, implementation: Any) -> None:
        self._implementation = implementation

    def __getattr__(self, name: str) -> Any:
        return getattr(self._implementation, name)


def _in_float32(subject: Subject, op: Op, call: Call, which: Sequence[Theorem], dtype: Failure) -> Checked:
    """The result of a subject that returns float32 for float64: a finding, and its numbers in float32."""
    if isinstance(subject.implementation(op.name), _InFloat32):  # float16 for float32
        return Checked(findings=(dtype,))
    root = SimpleNamespace(**{op.name: _InFloat32(subject.implementation(op.name))})
    narrow = subject._replace(root=root, limits=subject.limits._replace(dtypes=("float32",)))
    excluded = (theorems.dtype_is_kept, theorems.special_values_are_pytorchs)
    left = [theorem for theorem in which or to_check(subject, op) if theorem not in excluded]
    checked = check_all(narrow, op, call, left) if left else Checked()
    return checked._replace(findings=(dtype, *checked.findings))


def check_once(subject: Subject, op: Op, call: Call) -> Checked:
    """Check y and all gradients on every shared case of a call. ``values`` are those of the first case."""
    if missing := "" if subject.ours else subject.lacks(op, call):
        return Checked(missing=missing)
    error_over_bound, values, failures = 0.0, Values(), list[Failure]()
    with collected(not subject.ours) as choices:
        try:
            for i, case in enumerate(shared_cases(op, call)):
                got = run_all(subject, op, case)
                if not (case.exact and all(_same(a, case.expected[q]) for q, a in got.items())):
                    error_over_bound = max(error_over_bound, compare(case, got, tolerance(op, case)))
                values = values_of(op, case) if i == 0 else values
        except Failure as failure:
            if failure.verdict is Verdict.NOT_COVERED:
                return Checked(missing=failure.quantity or DIFFERS)
            failures = [of_subject(failure, subject, failure.theorem)]
    every = [*failures, *_conventions(subject, choices)]
    failures = [one for one in every if one.fails and one.verdict is not Verdict.CONTRACT]
    return Checked(error_over_bound, tuple(failures), tuple(one for one in every if one not in failures), values=values)


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
