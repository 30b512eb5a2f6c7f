"""What a wrong answer looks like, whatever the op: causes that are told beside the op's known mistakes.

None is read off the smallest call alone, on which much is zero: the subject runs again, there and on other calls.
"""

from collections.abc import Iterator
from random import Random

import numpy as np

from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases.case import Case, draw
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.diagnose import arbiter, precision
from cnn_oracle.diagnose.matching import consistent_with, disambiguate
from cnn_oracle.diagnose.symptoms import misread, pattern
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Diagnosis, Failure, Verdict
from cnn_oracle.run.subject import run_all
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.contract import unstable

OTHERS, TRIES = 5, 60  # failing calls beside the one that is told, and drawn calls among which they are looked for
CALLS = 10  # on all of which an answer is zero, if that is what is wrong with it


def diagnose(subject: Subject, op: Op, failure: Failure) -> Failure:
    """The failure with its diagnosis; its verdict is another if no two runs agree."""
    case, outputs = failure.case, failure.outputs
    if case is None or outputs is None:
        return failure
    known, symptoms = consistent_with(failure), list[str]()
    try:
        if other := unstable(subject, op, case):
            if other.verdict is Verdict.NONDETERMINISTIC:
                failure = failure.replace(verdict=other.verdict, what=f"{other.what}; {failure.what}")
            else:
                symptoms = [other.what]
        else:
            symptoms = [*_zeros(subject, op, outputs), *_narrow(failure, outputs, case)]
            known = disambiguate(subject, op, known)
            if not known and not symptoms and failure.index is not None:
                symptoms = _symptoms(subject, op, failure)
    except Failure:  # the other function of the op crashes: no place to look for causes
        pass
    who_is_wrong = None
    if failure.index is not None and failure.against_pytorch:
        who_is_wrong = arbiter.who_is_wrong(failure, subject)
    return failure.replace(diagnosis=Diagnosis(who_is_wrong, tuple(m.description for m in known), tuple(symptoms)))


def _symptoms(subject: Subject, op: Op, failure: Failure) -> list[str]:
    """What wrong numbers look like that no known mistake gives: the first that holds."""
    more = _others(subject, op, failure)
    found = precision.narrow(subject, op) or pattern(op, [*more]) or misread(subject, op, failure)
    return [found] if found else []


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


def _zeros(subject: Subject, op: Op, answers: Outputs) -> Iterator[str]:
    """Those of the wrong function's answers that are zero on every call, where the truth is not."""
    always, rng = {q for q, a in answers.items() if a is not None and not a.any()}, Random(0)
    told = set()
    for _ in range(CALLS if always else 0):
        case = draw(op, random_call(op, rng), dtype=subject.dtypes(op.name)[0])
        got = run_all(subject, op, case)
        always -= {q for q, a in got.items() if a is not None and a.any()}
        told |= {q for q, a in case.expected.items() if a is not None and a.any()}
    zero, gradients = always & told, {q for q in told & {*answers} if q.startswith("d")}
    if gradients and gradients <= zero:
        yield "every gradient is zero"
        zero -= gradients
    yield from (f"{quantity} is zero everywhere" for quantity in sorted(zero))


def _narrow(failure: Failure, answers: Outputs, case: Case) -> Iterator[str]:
    """Answers in float64 that are float32 numbers, with more bits than a simple number has, where the truth is none."""
    a, want, index = answers.get(failure.quantity), case.expected.get(failure.quantity), failure.index
    if a is None or want is None or index is None or case.dtype != np.float64 or a.shape != want.shape:
        return
    if _fits(a, np.float32) and not _fits(a[index], np.float16) and not _fits(want[index], np.float32):
        yield f"every number of {failure.quantity} is a float32 one: it is computed in float32"


def _fits(a: Array, dtype: type) -> bool:
    with np.errstate(over="ignore"):
        return bool((a.astype(dtype) == a).all())
