"""The diagnosis of a failure: the known mistakes of the op that match, and symptoms that any op can have.

Symptoms are not taken from the smallest call only, because much is zero there. The subject runs again on this call and
on others.
"""

from collections.abc import Iterator
from random import Random

import numpy as np

from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases.case import Case, draw
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.diagnose import arbiter, precision
from cnn_oracle.diagnose.matching import consistent_with, disambiguate
from cnn_oracle.diagnose.symptoms import pattern, wrong_dependency
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Diagnosis, Failure, Verdict
from cnn_oracle.run.subject import run_all
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.contract import unstable

OTHERS, TRIES = 5, 60  # the number of further failing calls, and of drawn calls that are searched for them
CALLS = 10  # an output is called zero everywhere if it is zero on all of these


def diagnose(subject: Subject, op: Op, failure: Failure) -> Failure:
    """The failure with its diagnosis. If two runs differ, the verdict becomes NONDETERMINISTIC."""
    case, outputs = failure.case, failure.outputs
    if case is None or outputs is None:
        return failure
    known, symptoms = consistent_with(failure), list[str]()
    try:
        if other := unstable(subject, op, case):
            if other.kind == "nondeterminism":
                failure = failure.replace(verdict=Verdict.NONDETERMINISTIC, what=f"{other.what}; {failure.what}")
            else:
                symptoms = [other.what]
        else:
            symptoms = [*_zeros(subject, op, outputs), *_narrow(failure, outputs, case)]
            known = disambiguate(subject, op, known)
            if not known and not symptoms and failure.index is not None:
                symptoms = _symptoms(subject, op, failure)
    except Failure:  # another function of the op crashes: look for no causes
        pass
    who_is_wrong = None
    if failure.index is not None and failure.against_pytorch:
        who_is_wrong = arbiter.who_is_wrong(failure, subject)
    return failure.replace(diagnosis=Diagnosis(who_is_wrong, tuple(m.description for m in known), tuple(symptoms)))


def _symptoms(subject: Subject, op: Op, failure: Failure) -> list[str]:
    """The first symptom that fits wrong numbers without a known mistake."""
    more = _others(subject, op, failure)
    found = precision.reduced_precision(subject, op) or pattern(op, [*more]) or wrong_dependency(subject, op, failure)
    return [found] if found else []


def _others(subject: Subject, op: Op, failure: Failure) -> Iterator[Failure]:
    """Failures of the same theorem on other calls."""
    rng, left = Random(0), OTHERS
    for _ in range(TRIES):
        try:
            if failure.theorem and left:
                failure.theorem(subject, op, random_call(op, rng))
        except Failure as other:
            if other.index is not None and other.quantity == failure.quantity:
                left -= 1
                yield other


def _zeros(subject: Subject, op: Op, outputs: Outputs) -> Iterator[str]:
    """The outputs of the wrong function that are zero on every call, although the expected values are not."""
    always, rng = {q for q, a in outputs.items() if a is not None and not a.any()}, Random(0)
    nonzero = set()
    for _ in range(CALLS if always else 0):
        case = draw(op, random_call(op, rng), dtype=subject.dtypes(op.name)[0])
        got = run_all(subject, op, case)
        always -= {q for q, a in got.items() if a is not None and a.any()}
        nonzero |= {q for q, a in case.expected.items() if a is not None and a.any()}
    zero, gradients = always & nonzero, {q for q in nonzero & {*outputs} if q.startswith("d")}
    if gradients and gradients <= zero:
        yield "every gradient is zero"
        zero -= gradients
    yield from (f"{quantity} is zero everywhere" for quantity in sorted(zero))


def _narrow(failure: Failure, outputs: Outputs, case: Case) -> Iterator[str]:
    """A float64 output that holds only float32 numbers, although the expected value is no float32 number.

    The wrong element needs more than 11 bits, so a simple number does not count.
    """
    a, want, index = outputs.get(failure.quantity), case.expected.get(failure.quantity), failure.index
    if a is None or want is None or index is None or case.dtype != np.float64 or a.shape != want.shape:
        return
    if _fits(a, np.float32) and not _fits(a[index], np.float16) and not _fits(want[index], np.float32):
        yield f"every number of {failure.quantity} is a float32 one: it is computed in float32"


def _fits(a: Array, dtype: type) -> bool:
    with np.errstate(over="ignore"):
        return bool((a.astype(dtype) == a).all())
