"""The shrinker: Hypothesis makes a failing call as small as possible. Also: calls as a Hypothesis strategy."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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
from cnn_oracle.op import Op
from cnn_oracle.subject import EVERYTHING, Limits

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

    found = simplest(op, found, check, limits=limits, unsafe_too=unsafe_too)

    @hypothesis.settings(
        database=_Only(found), deadline=None, derandomize=False, verbosity=Verbosity.quiet, report_multiple_bugs=False,
        phases=[Phase.reuse, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.seed(0)  # below the settings: above them, it would remove the database
    @hypothesis.given(calls(op, limits, unsafe_too))
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


@st.composite
def calls(draw: Any, op: Op, limits: Limits = EVERYTHING, unsafe_too: bool = False) -> Call:
    """Calls as a Hypothesis strategy, which shrinks towards the simplest choices and seed 0."""

    def policy(values: int, rare: int) -> int:
        return int(draw(st.integers(0, values + rare - 1)))

    call = sample(op, draw(st.integers(0, SEEDS - 1), label="seed"), policy, limits).call
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
