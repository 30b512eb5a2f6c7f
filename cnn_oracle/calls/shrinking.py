"""The shrinker: Hypothesis makes a failing call as small as possible. Also: calls as a Hypothesis strategy."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from inspect import Parameter
from math import prod
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import hypothesis.configuration
from hypothesis import HealthCheck, Phase, Verbosity, assume
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase, choices_to_bytes

from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import SEEDS, RandomCalls, Sample, admitted, sample
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.calls.work import elements
from cnn_oracle.op import Op
from cnn_oracle.subject import EVERYTHING, Limits, is_array

FIRST, SIMPLE = 40, (0.9, 0.6)  # how many simple calls, and how often their choices are the simplest


class FlakyError(Exception):
    """A call failed once, and did not fail again."""


def shrink(
    op: Op, found: Sample, check: Callable[[Call], object], *, limits: Limits = EVERYTHING, unsafe_too: bool = False
) -> NoReturn:
    """Make the failing call ``found`` smaller, as long as ``check`` raises on it.

    Raises:
        Exception: what ``check`` raises on the smallest failing call.
        FlakyError: two runs of ``check`` on the same call differ, or ``check`` does not raise on ``found`` again.
    """

    most = max(elements(op, found.call), limits.max_elements)  # another call may have fewer axes, and much more work
    found = simplest(op, found, check, limits=limits, unsafe_too=unsafe_too)

    @hypothesis.settings(
        database=_Only(found), deadline=None, derandomize=False, verbosity=Verbosity.quiet, report_multiple_bugs=False,
        phases=[Phase.reuse, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.seed(0)  # below the settings: above them, it would remove the database
    @hypothesis.given(calls(op, limits, unsafe_too, most))
    def run(call: Call) -> None:
        check(call)

    try:
        with _home():
            run() if found.choices else check(found.call)  # a call that was not drawn cannot shrink
    except hypothesis.errors.FlakyFailure as error:
        raise FlakyError from error
    except hypothesis.errors.Unsatisfiable:  # this call is not drawn any more
        check(found.call)
    raise FlakyError


def simplest(
    op: Op, found: Sample, check: Callable[[Call], object], *, limits: Limits = EVERYTHING, unsafe_too: bool = False
) -> Sample:
    """The first of ``FIRST`` simple calls that also fails, because shrinking it is faster. Without one: ``found``."""
    for one in RandomCalls(FIRST, 0, SIMPLE, limits, unsafe_too).samples(op):
        try:
            check(one.call)
        except Exception:  # shrink() raises it again
            return one
    return found


def smaller(op: Op, call: Call) -> list[Call]:
    """Calls with one thing less: an option that has its default, or an axis that is shorter in all arrays, or in one.

    The smallest come first. PyTorch may reject some of them.
    """
    arrays = {n: v for n, v in call.arguments.items() if is_array(n, op) and v is not None}
    found = [
        {n: v for n, v in call.arguments.items() if n != option}
        for option in call.arguments if option not in arrays and op.parameters[option].default is not Parameter.empty
    ]  # fmt: skip
    for n in {length for shape in arrays.values() for length in shape if length > 1}:
        for m in (1, n // 2, n - 1):
            every = {name: tuple(m if one == n else one for one in shape) for name, shape in arrays.items()}
            changes = [every, *({name: shape} for name, shape in every.items())]
            for name, shape in arrays.items():
                changes += [{name: (*shape[:i], m, *shape[i + 1 :])} for i, one in enumerate(shape) if one == n]
            found += [{**call.arguments, **change} for change in changes]
    calls = {str(one): one for arguments in found if (one := Call(call.op, arguments, call.seed)) != call}
    return sorted(calls.values(), key=lambda one: size(op, one))


def size(op: Op, call: Call) -> tuple[int, int]:
    """How large a call is: the number of all elements, then the length of its text."""
    shapes = (v for n, v in call.arguments.items() if is_array(n, op) and v is not None)
    return sum(map(prod, shapes)), len(str(call))


@st.composite
def calls(draw: Any, op: Op, limits: Limits = EVERYTHING, unsafe_too: bool = False, most: int = 0) -> Call:
    """Calls as a Hypothesis strategy, which shrinks towards the simplest choices and seed 0.

    With ``most``, any sizes are drawn, not only those that the geometry offers, up to the work of ``most`` elements.
    """

    def policy(values: int, rare: int, further: int, _: bool) -> int:
        return int(draw(st.integers(0, values + rare + further * bool(most) - 1)))

    call = sample(op, draw(st.integers(0, SEEDS - 1), label="seed"), policy, limits).call
    assume(not most or elements(op, call) <= most)
    assume(admitted(op, call, limits) and (unsafe_too or not unsafe(call)))
    return call


class _Only(ExampleDatabase):
    """A database with one example, with which Hypothesis begins to shrink."""

    def __init__(self, found: Sample) -> None:
        super().__init__()
        self.choices = choices_to_bytes(found.choices)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """The example, as a secondary one. Hypothesis takes a primary example as already shrunk."""
        return [self.choices] if key.endswith(b".secondary") else []

    def save(self, key: bytes, value: bytes) -> None: ...

    def delete(self, key: bytes, value: bytes) -> None: ...


@contextmanager
def _home() -> Iterator[None]:
    """Hypothesis keeps its files in a temporary folder, not in the current one."""
    before = hypothesis.configuration.storage_directory(intent_to_write=False).home_directory
    hypothesis.configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir(), "oracle-hypothesis"))
    try:
        yield
    finally:
        hypothesis.configuration.set_hypothesis_home_dir(before)
