"""Calls with offsets beyond 2^31 elements, which an index of 32 bits cannot hold: ``verify --huge``.

An array is expanded: a small one, repeated along one axis without a copy. So the outputs are those of the small call,
repeated, or summed over the repetitions. All numbers are integers, on which nothing rounds. Each call runs in a process
of its own, which gets no more memory than is agreed.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from math import isqrt, prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import Case, Numbers
from cnn_oracle.cases.exact_grids import REAL
from cnn_oracle.cases.expected import Outputs, reference_outputs
from cnn_oracle.checks import single_threaded
from cnn_oracle.manual._typing import Array
from cnn_oracle.one_call import covered
from cnn_oracle.op import Op
from cnn_oracle.ops import OPS, look_up
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run import workers
from cnn_oracle.run.subject import uncopied
from cnn_oracle.run.workers import Heartbeat, WorkerCrash
from cnn_oracle.subject import Subject

BEYOND = 2**31  # the expanded array has more elements than this
MEMORY = 16 * 2**30  # bytes that a call may take
SPARE = 2**30  # bytes that are left to others
FLOAT32 = np.dtype("float32")
SUMMED = ("linear", "nll_loss", "conv1d", "conv2d", "conv3d")  # small numbers, so that no sum rounds
RIGHT, NOT_CHECKED = "right", "not checked"


class Huge(NamedTuple):
    """A call with an expanded array, as the call that is repeated.

    Attributes:
        small: the call whose array is repeated.
        name: the array.
        axis: the axis of the array, and of y, along which it is repeated. The small call has the length 1 there.
        times: how often.
        function: "forward" or "backward".
    """

    small: Call
    name: str
    axis: int
    times: int
    function: str

    @property
    def call(self) -> Call:
        """The call with the expanded arrays."""
        repeated = {
            n: self.repeated(self.small.arguments[n]) for n in (self.name, "target") if n in self.small.arguments
        }
        return Call(self.small.op, {**self.small.arguments, **repeated}, self.small.seed)

    def repeated(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of an array that is repeated. A number is not repeated: it is a sum."""
        return (*shape[: self.axis], self.times, *shape[self.axis + 1 :]) if shape else shape


class Outcome(NamedTuple):
    """The outcome of one function on one call: its verdict is "right", WRONG, CRASHED, NOT COVERED or "not checked"."""

    op: str
    function: str
    call: str
    cost: str
    verdict: str
    what: str
    seconds: float

    @property
    def fails(self) -> bool:
        """Whether the subject is wrong."""
        return self.verdict in (Verdict.WRONG, Verdict.CRASHED)

    def __str__(self) -> str:
        return f"{self.verdict}{f': {self.what}' if self.what else ''}   ({self.seconds:.1f} s)"


def check(
    subject: Subject, names: Iterable[str] = (), *, beyond: int = BEYOND, memory: int = MEMORY,
    timeout: float | None = None, say: Callable[[str], None] = lambda _: None,
) -> Iterator[Outcome]:  # fmt: skip
    """Run the subject on calls with more than ``beyond`` elements, one after the other, and compare its outputs.

    ``say`` receives the cost of each call before it runs. A call that needs more than ``memory`` bytes, or more than
    the machine has left, is not checked. Ops without such a call have no outcome.

    Raises:
        ValueError: A name is no op, or the subject does not have it.
    """
    for op in covered(subject, names):
        for one in calls(op, beyond):
            if one.function == "backward" and subject.forward_only(op.name):
                continue
            cost = described(one)
            say(f"{one.call} {one.function}: {cost}")
            row = partial(Outcome, op.name, one.function, str(one.call), cost)
            yield _outcome(subject, op, one, memory, timeout, row)


def _outcome(
    subject: Subject, op: Op, one: Huge, memory: int, timeout: float | None, row: Callable[..., Outcome]
) -> Outcome:
    if "float32" not in subject.dtypes(op.name) or (not subject.ours and subject.lacks(op, one.call)):
        return row(Verdict.NOT_COVERED, "", 0.0)
    bytes_ = min(memory, _available() - SPARE)
    if (needed := _bytes_of_outputs(one)) > bytes_:
        return row(NOT_CHECKED, _too_much(memory, bytes_, needed), 0.0)
    start = time.perf_counter()
    job = (subject, one, bytes_)
    ((_, found),) = workers.run(_checked, [job], count=1, timeout=timeout, fresh=True)
    seconds = time.perf_counter() - start
    if isinstance(found, WorkerCrash):
        verdict = NOT_CHECKED if found.killed_externally else Verdict.CRASHED
        return row(verdict, f"{found.function or one.function} {found.how}", seconds)
    verdict, what = found
    return row(verdict, what or _too_much(memory, bytes_, needed) if verdict == NOT_CHECKED else what, seconds)


def _too_much(memory: int, left: int, needed: int) -> str:
    if left < memory:
        return f"needs more than the {size(max(left, 0))} that are free"
    return f"needs more than {size(memory)}" + (f": its outputs take {size(needed)}" if needed > memory else "")


def calls(op: Op, beyond: int = BEYOND) -> list[Huge]:
    """The calls of an op with an array of more than ``beyond`` elements: forward and backward, or none."""
    found = _repeated(op, beyond)
    return [Huge(*found, function) for function in ("forward", "backward")] if found else []


def _repeated(op: Op, beyond: int) -> tuple[Call, str, int, int] | None:
    """The call that is repeated, the name of its array, the axis, and how often."""
    long = isqrt(beyond) | 1  # odd, so that an offset that wraps is another place of the small array
    rank = int(op.name[-2]) if op.name[-2:] in ("1d", "2d", "3d") else 2
    side = max(round(long ** (1 / rank)), 4) | 1
    images = (1, 1, *(side,) * rank)
    rows: dict[str, Any] = {"x": (1, long)}
    few: dict[str, Any] = {"kernel_size": 3, "stride": side - 3}  # the two ends of each axis
    every: dict[str, dict[str, Any]] = {
        "linear": {**rows, "w": (1, long), "b": (1,)},
        "relu": rows,
        "nll_loss": {**rows, "target": (1,), "reduction": "sum"},
        "embedding": {"w": (long, 1), "indices": (4,)},
        "unfold": {"x": images, **few},
        "adaptive_max_pool2d": {"x": images, "output_size": 1},
        "interpolate": {"x": images, "size": 2},
        f"conv{rank}d": {"x": images, "w": (1, 1, *(3,) * rank), "b": (1,), "stride": side - 3},
        f"max_pool{rank}d": {"x": images, **few},
        f"avg_pool{rank}d": {"x": images, "kernel_size": 2, "stride": side - 2},
    }
    if op.name not in every:
        return None
    arguments = every[op.name]
    name = op.positional[0]
    return Call(op.name, arguments, 0), name, 1 if op.name == "embedding" else 0, beyond // prod(arguments[name]) + 1


def described(one: Huge) -> str:
    """What the call costs, in one line."""
    shape = one.small.arguments[one.name]
    given, whole = 4 * prod(shape), 4 * prod(one.repeated(shape))
    outputs = ", ".join(f"{q} {size(4 * prod(of))}" for q, of in _shapes(one).items())
    return f"{one.name} is expanded from {size(given)}, a copy of it takes {size(whole)}; {outputs}"


def size(bytes_: int) -> str:
    """A number of bytes, such as "8.0 GiB"."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if bytes_ >= factor:
            return f"{bytes_ / factor:.1f} {unit}".replace(".0 ", " ")
    return f"{bytes_} bytes"


def _bytes_of_outputs(one: Huge) -> int:
    return sum(4 * prod(shape) for shape in _shapes(one).values())


def _shapes(one: Huge) -> dict[str, tuple[int, ...]]:
    """The shapes of the outputs of the function."""
    return {q: _shape(one, q, a) for q, a in _expected(one)[1].items() if a is not None}


def _shape(one: Huge, q: str, a: Array) -> tuple[int, ...]:
    return one.repeated(a.shape) if q in ("y", f"d{one.name}") else a.shape


def _expected(one: Huge) -> tuple[Case, Outputs]:
    """The case of the small call, and PyTorch's outputs for it, of the function only."""
    op, rng, arguments = look_up(one.small.op), np.random.default_rng(one.small.seed), one.small.arguments

    def integers(shape: tuple[int, ...]) -> Array:
        return rng.integers(-2, 3, shape).astype(float)

    def distinct(shape: tuple[int, ...]) -> Array:
        return (rng.permutation(prod(shape)) - prod(shape) // 2).reshape(shape).astype(float)

    fill = integers if op.name in SUMMED else distinct
    arrays = {n: fill(arguments[n]) if n in arguments else None for n in op.positional}
    keywords = {n: v for n, v in arguments.items() if n in op.options}
    first = arguments[one.name]
    if "target" in keywords:
        keywords["target"] = np.array([first[1] - 1])  # the last class
    if "indices" in keywords:
        keywords["indices"] = first[0] - 1 - np.arange(prod(arguments["indices"]))  # the last rows
    dy, outputs = reference_outputs(one.small, arrays, keywords, integers)
    case = Case(one.small, FLOAT32, arrays, keywords, dy, outputs, (REAL, REAL), Numbers({}))
    return case, {q: a for q, a in outputs.items() if (q == "y") == (one.function == "forward")}


def _expanded(one: Huge, small: Case) -> Case:
    """The case of the call with the expanded arrays, which are read-only."""

    def repeated(a: Array) -> Array:
        return np.broadcast_to(a, one.repeated(a.shape))

    narrow = {n: None if a is None else a.astype(FLOAT32) for n, a in small.arrays.items()}
    arrays = {n: repeated(a) if n == one.name and a is not None else a for n, a in narrow.items()}
    keywords = {n: repeated(v) if n == "target" else v for n, v in small.keywords.items()}
    dy = repeated(small.dy.astype(FLOAT32))
    return Case(one.call, FLOAT32, arrays, keywords, dy, {}, (REAL, REAL), Numbers({}))


def _checked(job: tuple[Subject, Huge, int], heartbeat: Heartbeat) -> tuple[str, str]:
    """The verdict on one call, and what is wrong."""
    subject, one, bytes_ = job
    heartbeat(0)
    small, wanted = _expected(one)
    try:
        with single_threaded(), _at_most(bytes_):
            outputs = uncopied(one.function, subject, _expanded(one, small))
        for q, a in outputs.items():
            expected = wanted[q]
            assert expected is not None
            factor = 1 if q in ("y", f"d{one.name}") and expected.shape else one.times
            if what := _difference(q, a, np.broadcast_to(factor * expected, _shape(one, q, expected))):
                return Verdict.WRONG, what
    except Failure as failure:
        if _is_out_of_memory(failure.__cause__):
            return NOT_CHECKED, ""
        return failure.verdict, failure.what
    return RIGHT, ""


def _is_out_of_memory(error: BaseException | None) -> bool:
    return isinstance(error, MemoryError) or "allocate memory" in str(error)


AT_ONCE = 2**24  # elements that are compared at once


def _difference(q: str, a: Array | None, expected: Array) -> str:
    """The first element that is not as expected, or "". Nothing of the size of the array is allocated."""
    if a is None or a.shape != expected.shape:
        return f"{q} is None" if a is None else f"{q} has shape {a.shape}, expected {expected.shape}"
    rows, wanted = np.atleast_1d(a), np.atleast_1d(expected)
    step = max(AT_ONCE // max(prod(rows.shape[1:]), 1), 1)
    for i in range(0, len(rows), step):
        unlike = np.argwhere(rows[i : i + step] != wanted[i : i + step])
        if unlike.size:
            at = (i + int(unlike[0][0]), *map(int, unlike[0][1:]))
            place = f"[{','.join(map(str, at))}]" if a.ndim else ""
            return f"{q}{place} is {rows[at]:g}, expected {wanted[at]:g}"
    return ""


@contextmanager
def _at_most(bytes_: int) -> Iterator[None]:
    """Give this process ``bytes_`` more bytes of address space. Where the system has no such limit, there is none."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + bytes_, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _available() -> int:
    """The bytes of memory that are free, or very many if the system does not say."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1])
    return 2**62


def having() -> list[str]:
    """The ops that have such calls."""
    return [op.name for op in OPS.values() if calls(op)]


def exit_code(rows: Iterable[Outcome]) -> int:
    """The exit code of the command line: 1 if an outcome is wrong, else 2 if nothing was checked, else 0."""
    rows = [*rows]
    return 1 if any(row.fails for row in rows) else 0 if any(row.verdict == RIGHT for row in rows) else 2
