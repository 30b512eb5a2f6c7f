"""What a wrong answer looks like, whatever the op: causes that are told beside the op's known mistakes.

None is read off the smallest call alone, on which much is zero: the subject runs again, there and on other calls.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np

from manual._typing import Array
from oracle import probe
from oracle.cases import Case, draw
from oracle.mistakes import consistent_with, told_apart
from oracle.ops import Op
from oracle.patterns import misread, pattern
from oracle.pytorch import Answers
from oracle.run import everything
from oracle.strategies import random_call
from oracle.subjects import Subject
from oracle.verdicts import Failure, Verdict

OTHERS, TRIES = 5, 60  # failing calls beside the one that is told, and drawn calls among which they are looked for
CALLS = 10  # on all of which an answer is zero, if that is what is wrong with it
RUNS = 5  # that agree, before what memory held is to blame for a difference


def diagnose(subject: Subject, op: Op, failure: Failure) -> Failure:
    """The failure with its causes; its verdict is another if no two runs agree."""
    case, answers = failure.case, failure.answers
    if case is None or answers is None:
        return failure
    try:
        if other := unstable(subject, op, case):
            if other.verdict is Verdict.NONDETERMINISTIC:
                failure.verdict, failure.what = other.verdict, f"{other.what}; {failure.what}"
            else:
                failure.causes = [other.what]
        else:
            failure.causes = [*_zeros(subject, op, answers), *_narrow(failure, answers, case)]
            _name(subject, op, failure)
    except Failure:  # the other function of the op crashes: no place to look for causes
        pass
    return failure


def _name(subject: Subject, op: Op, failure: Failure) -> None:
    """The known mistakes consistent with this call and, if they are many, with others; else what it looks like."""
    failure.names = [m.description for m in told_apart(subject, op, consistent_with(failure))]
    if failure.names or failure.causes or failure.index is None:
        return
    more = _others(subject, op, failure)
    causes = probe.narrow(subject, op) or pattern(op, [*more]) or misread(subject, op, failure)
    failure.causes = [causes] if causes else []


def _others(subject: Subject, op: Op, failure: Failure) -> Iterator[Failure]:
    """The same theorem's failures on other calls."""
    rng, left = Random(0), OTHERS
    for _ in range(TRIES):
        try:
            if failure.theorem and left:
                failure.theorem(subject, op, random_call(op, rng))
        except Failure as other:
            if other.index is not None and other.quantity == failure.quantity:
                left -= 1
                yield other


def unstable(subject: Subject, op: Op, case: Case) -> Failure | None:
    """Whether runs on a case differ in any bit, of themselves or by what memory held before."""
    first, again, other = (everything(subject, op, replace(case, unwritten=v)) for v in (np.nan, np.nan, 0.0))
    place, held = differing(first, again), differing(first, other)
    if held and not place:  # by chance?
        places = (differing(first, everything(subject, op, case)) for _ in range(RUNS))
        place = next(filter(None, places), "")
    if place:
        return Failure(f"{place} differs between two runs", case.call, verdict=Verdict.NONDETERMINISTIC)
    if held:
        return Failure(f"uninitialised memory is returned: {held} is whatever stood there before", case.call)
    return None


def differing(first: Answers, second: Answers) -> str:
    """The first place at which the bits differ, like y[0,1]; "" if there is none."""
    for quantity, a in first.items():
        b = second[quantity]
        if a is None or b is None or a.shape != b.shape:
            if a is not b:
                return quantity
        elif a.tobytes() != b.tobytes():
            unlike = np.argwhere((a != b) & ~(np.isnan(a) & np.isnan(b)))
            return f"{quantity}[{','.join(map(str, unlike[0]))}]" if unlike.size else quantity
    return ""


def _zeros(subject: Subject, op: Op, answers: Answers) -> Iterator[str]:
    """Those of the wrong function's answers that are zero on every call, where the truth is not."""
    always, rng = {q for q, a in answers.items() if a is not None and not a.any()}, Random(0)
    told = set()
    for _ in range(CALLS if always else 0):
        case = draw(op, random_call(op, rng), dtype=subject.dtypes(op.name)[0])
        got = everything(subject, op, case)
        always -= {q for q, a in got.items() if a is not None and a.any()}
        told |= {q for q, a in case.truth.items() if a is not None and a.any()}
    zero, gradients = always & told, {q for q in told & {*answers} if q.startswith("d")}
    if gradients and gradients <= zero:
        yield "every gradient is zero"
        zero -= gradients
    yield from (f"{quantity} is zero everywhere" for quantity in sorted(zero))


def _narrow(failure: Failure, answers: Answers, case: Case) -> Iterator[str]:
    """Answers in float64 that are float32 numbers, with more bits than a simple number has, where the truth is none."""
    a, want, index = answers.get(failure.quantity), case.truth.get(failure.quantity), failure.index
    if a is None or want is None or index is None or case.dtype != np.float64 or a.shape != want.shape:
        return
    if _fits(a, np.float32) and not _fits(a[index], np.float16) and not _fits(want[index], np.float32):
        yield f"every number of {failure.quantity} is a float32 one: it is computed in float32"


def _fits(a: Array, dtype: type) -> bool:
    with np.errstate(over="ignore"):
        return bool((a.astype(dtype) == a).all())
