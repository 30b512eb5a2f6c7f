"""Evidence: more calls on which a subject fails in the same way. A likely cause must hold on all of them.

The smallest failing call says little about the cause: its arrays have one element, its sums have one term, and much is
zero. So the subject runs again on calls whose lengths are above 1 and differ.
"""

import time
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from math import prod
from random import Random
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle import theorems
from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import TRIES, DrawnCalls, random_call, varied_call
from cnn_oracle.cases.case import Case, draw
from cnn_oracle.cases.expected import Outputs, Rejection
from cnn_oracle.compare.compare import tolerance
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.run import subject as run
from cnn_oracle.subject import Limits, Subject, is_array

CALLS, LEAST = 20, 3  # the number of further failing calls that are sought, and without which no cause is given
DRAWS = 120  # varied calls that are tried
SECONDS, SLOW = 2.0, 0.1  # the time for them, and the time of one call above which a subject is slow
LARGEST = 2000  # elements of an array
PLAIN = 40  # random calls that are tried after them, if too few fail
DRAWN = 60  # calls of a run, some of them with thousands of elements, that are tried if a wrong element is rare
# The following choose among sentences about an output that is known to be wrong. No verdict depends on them.
UNEXPLAINED = 0.1  # the share of an error that an explanation may leave
ROUNDING = 64  # units in the last place by which two formulas for the same numbers may differ
NEARLY = 1e-6  # a relative difference of two ratios that are called the same: of sums of numbers with 16 digits
FUNCTIONS = {
    theorems.forward_is_pytorchs: run.forward,
    theorems.backward_is_autograds_gradient: run.backward,
    theorems.steps_are_pytorchs: run.steps,
}


class Observation:
    """One output of a subject on one call, beside the expected values.

    Attributes:
        case: The call with its arrays.
        quantity: The output that is wrong.
        outputs: All outputs of the function that ran.
        output: The wrong output, in float64. For an optimiser, the way from the first w to the wrong one.
        expected: PyTorch's values of it.
        bound: For each element, the largest error that rounding explains; 0 on an exact grid.
    """

    def __init__(self, op: Op, case: Case, outputs: Outputs, quantity: str) -> None:
        self.op, self.case, self.outputs, self.quantity = op, case, outputs, quantity

    @cached_property
    def output(self) -> Array:
        a = self.outputs[self.quantity]
        assert a is not None
        return a.astype(np.float64) - self.start

    @cached_property
    def expected(self) -> Array:
        a = self.case.expected[self.quantity]
        assert a is not None
        return a - self.start

    def option(self, name: str) -> Any:
        """The value of an option on this call."""
        if name in self.case.keywords:
            return self.case.keywords[name]
        return self.op.parameters[name].default

    @property
    def start(self) -> Array | float:
        return self.case.as_float64("w") if self.op.kind == "step" else 0.0

    @property
    def name(self) -> str:
        """The name of the output in a sentence."""
        return f"{self.quantity} − w" if self.op.kind == "step" else self.quantity

    @cached_property
    def allowed(self) -> Outputs | None:
        """The bounds of all outputs; None on an exact grid."""
        return tolerance(self.op, self.case)

    @cached_property
    def bound(self) -> Array:
        bound = None if self.allowed is None else self.allowed[self.quantity]
        return np.broadcast_to(np.nan_to_num(0.0 if bound is None else bound, posinf=0.0), self.expected.shape)

    @cached_property
    def error(self) -> Array:
        """The absolute error; infinite where only one of the two numbers is NaN or infinite."""
        return error(self.output, self.expected)

    @cached_property
    def wrong(self) -> Array:
        """For each element, whether it is wrong."""
        return np.asarray(self.error > self.bound)

    @property
    def is_wrong(self) -> bool:
        """Whether the output is missing, has another shape, or differs by more than rounding."""
        if self.is_comparable:
            return bool(self.wrong.any())
        return self.outputs.get(self.quantity) is not self.case.expected.get(self.quantity)

    @property
    def size(self) -> int:
        """The number of expected elements."""
        expected = self.case.expected[self.quantity]
        return 0 if expected is None else expected.size

    @cached_property
    def finite(self) -> bool:
        return bool(np.isfinite(self.output).all() and np.isfinite(self.expected).all())

    def is_given_by(self, values: Array, bound: Array | float | None = None) -> bool:
        """Whether the output has these values, except for rounding, and they explain its errors.

        Args:
            values: The values, in the shape of the output.
            bound: For each element, what rounding explains. The default is that of the output.
        """
        if not np.isfinite(values).all():
            return False
        allowed = self.slack * np.abs(values).max(initial=0.0) + (self.bound if bound is None else bound)
        left = np.abs(self.output - values)
        return bool((left <= allowed).all() and (left <= UNEXPLAINED * self.error)[self.wrong].all())

    @property
    def slack(self) -> float:
        """A relative error that the rounding of another formula for the same numbers explains."""
        return ROUNDING * float(np.finfo(self.case.dtype).eps)

    @cached_property
    def is_comparable(self) -> bool:
        """Whether the output is there, and has the expected shape."""
        output, expected = self.outputs.get(self.quantity), self.case.expected.get(self.quantity)
        return output is not None and expected is not None and output.shape == expected.shape


def error(a: Array, b: Array) -> Array:
    """The absolute difference; 0 for equal numbers, infinite if only one of the two is NaN or infinite."""
    with np.errstate(invalid="ignore", over="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        difference = np.abs(a - b)
        return np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))


def observation(op: Op, failure: Failure) -> Observation | None:
    """A failure as an observation. None if no output differs in its numbers or its shape."""
    if failure.case is None or not failure.outputs or failure.quantity not in failure.outputs:
        return None
    return Observation(op, failure.case, failure.outputs, failure.quantity)


class Evidence(NamedTuple):
    """Further calls: those on which the same output is wrong, with the most elements first, and some with it right."""

    failing: list[Observation]
    passing: list[Observation]
    is_slow: bool = False  # the subject takes too long for experiments on each of these calls


def further(subject: Subject, op: Op, failure: Failure, calls: int = CALLS, seed: int = 0) -> Evidence:
    """Up to ``calls`` further calls on which the same output is wrong, and up to as many on which it is right."""
    rng = Random(seed)
    plain = (call for call in (random_call(op, rng) for _ in range(PLAIN)) if _is_larger(op, call))
    return _collected(subject, op, failure, calls, (_varied(subject, op, failure.call, rng), plain))


def of_a_run(subject: Subject, op: Op, failure: Failure, calls: int = CALLS) -> Evidence:
    """The same of calls as a run draws them. Some are so large that they show what one element in thousands does."""
    drawn = (one.call for one in DrawnCalls(DRAWN, 0, subject.limits).samples(op))
    return _collected(subject, op, failure, calls, (filter(partial(_is_larger, op), drawn),))


def _collected(subject: Subject, op: Op, failure: Failure, calls: int, sources: Iterable[Iterator[Call]]) -> Evidence:
    """What the subject does on the calls of each source, as long as too few of the sources before have failed."""
    failing, passing, start = list[Observation](), list[Observation](), time.perf_counter()
    for source in sources:
        if len(failing) < LEAST:
            for one in observed(subject, op, failure, source):
                (failing if one.is_wrong else passing).append(one)
                if len(failing) == calls or time.perf_counter() - start > SECONDS:
                    break
    is_slow = time.perf_counter() - start > SLOW * max(len(failing) + len(passing), 1)
    return Evidence(sorted(failing, key=lambda one: one.size, reverse=True), passing[:calls], is_slow)


def _varied(subject: Subject, op: Op, call: Call, rng: Random) -> Iterator[Call]:
    """Varied calls: with any options, and each third one with the options of the failing call."""
    limits = subject.limits
    declared = dict(limits.options.get(op.name, {}))
    here = {n: _values(op, n, call.arguments.get(n, p.default)) for n, p in op.parameters.items() if n in _named(op)}
    same = limits._replace(options={**limits.options, op.name: {**here, **declared}})
    for i in range(DRAWS):
        found = varied_call(op, rng, limits) if i % 3 else _within(op, rng, same)
        if found is not None and _elements(op, found) <= LARGEST:
            yield found


def _named(op: Op) -> list[str]:
    """The options, and the arrays that may be absent."""
    return [n for n, p in op.parameters.items() if n in op.options or p.default is None]


def _values(op: Op, name: str, value: Any) -> tuple[Any, ...]:
    return (value is not None,) if is_array(name, op) else (value,)


def _within(op: Op, rng: Random, limits: Limits) -> Call | None:
    return next(filter(None, (varied_call(op, rng, limits) for _ in range(TRIES // 10))), None)


def _elements(op: Op, call: Call) -> int:
    return max(int(prod(v)) for n, v in call.arguments.items() if is_array(n, op) and v is not None)


def _is_larger(op: Op, call: Call) -> bool:
    """Whether the first array of a call has several elements, and no axis is empty."""
    shape = call.arguments[op.positional[0]]
    return bool(np.prod(shape) > 1)


def observed(subject: Subject, op: Op, failure: Failure, calls: Iterable[Call]) -> Iterator[Observation]:
    """The output on each call that the subject supports. By a theorem that runs the subject itself, only wrong ones."""
    function = FUNCTIONS.get(failure.theorem) if failure.theorem else None
    for i, call in enumerate(calls):
        if not subject.limits.admit(op, call) or (not subject.ours and subject.lacks(op, call)):
            continue
        try:
            if function is None:
                one = _by_theorem(subject, op, failure, call)
            else:
                rule = None if i % 2 else failure.case.rule  # a grid has no numbers between 0 and 1, for example
                case = draw(op, call, rule, failure.case.form.name)
                one = Observation(op, case, function(subject, case), failure.quantity)
        except (Failure, *Rejection):
            continue
        if one:
            yield one


def _by_theorem(subject: Subject, op: Op, failure: Failure, call: Call) -> Observation | None:
    try:
        if failure.theorem:
            failure.theorem(subject, op, call)
    except Failure as other:
        found = observation(op, other)
        return found if found and found.quantity == failure.quantity else None
    return None
