"""Whether the bits of a row depend on the number of rows, or on the place of the row among them.

A row is what belongs to one index of the first axis of y. Where rows do not interact, a row may be computed alone or
among others, and many kernels then round differently: another kernel for one row, blocks of rows with a remainder.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import cycle, islice, pairwise
from math import prod
from random import Random
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.call import Call, parse
from cnn_oracle.cases.case import Case, replace, without_expected
from cnn_oracle.cases.expected import Outputs, Rejection, reference_forward, reference_outputs
from cnn_oracle.compare.compare import finite_tolerance
from cnn_oracle.diagnose.evidence import error
from cnn_oracle.diagnose.plain_calls import plain_call
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import ARRAY_KEYWORDS, Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run.subject import backward, forward
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.rows import batched

# Numbers of rows: around the sizes of vectors and tiles
ROWS = (1, 2, 3, 4, 5, 7, 8, 9, *(2**k + d for k in range(4, 11) for d in (-1, 0, 1)))
ELEMENTS = 2**20  # of the largest array
SECONDS = 0.5  # if a number of rows takes longer, it is the last
TRIES = 10  # calls that a subject may not support
DRAWS = 30  # calls that are tried, for one whose rows do not interact
LENGTHS = (37, 19, 23, 29, 11, 13, 17, 7, 5, 3)  # of axes, all different, so that the axis of the rows is found
KERNEL, IMAGE = 3, 5  # elements of an axis


class Change(NamedTuple):
    """A row whose bits change.

    Attributes:
        op: the name of the op.
        dtype: the dtype.
        quantity: the output: y, or a gradient.
        call: the call, as text, with its number of rows.
        rows: the number of rows at which it changes.
        row: the row that changes: 0, compared with itself among fewer rows; or another, compared with row 0 among as
            many rows that are all equal.
    """

    op: str
    dtype: str
    quantity: str
    call: str
    rows: int
    row: int

    def __str__(self) -> str:
        if self.row:
            return f"{self.quantity} of row {self.row} of {self.rows} differs from that of row 0 with equal inputs"
        return f"{self.quantity} of row 0 changes at {self.rows} rows"


class Rows(NamedTuple):
    """A call of one row, and the names of its arrays whose first axis is that of the rows."""

    of_one: Call
    names: tuple[str, ...]

    def call(self, rows: int) -> Call:
        """The call with another number of rows."""
        a = self.of_one.arguments
        return Call(self.of_one.op, {**a, **{n: (rows, *a[n][1:]) for n in self.names}}, self.of_one.seed)

    def first(self, case: Case, rows: int, equal: bool = False) -> Case:
        """The first rows of a case. Or, if ``equal``, as often the first row."""

        def cut(a: Any) -> Any:
            return np.repeat(a[:1], rows, 0) if equal else a[:rows].copy()

        arrays, keywords = (
            {n: cut(a) if n in self.names else a for n, a in some.items()} for some in (case.arrays, case.keywords)
        )
        return replace(case, call=self.call(rows), arrays=arrays, keywords=keywords, dy=cut(case.dy))


def changes(subject: Subject, op: Op, dtype: str, seed: int = 0) -> list[Change]:
    """The rows whose bits depend on the number of rows, or on their place, on one call of up to 1,025 rows.

    For each output, the first numbers of rows at which row 0 changes, then the first number at which another row
    differs. Empty if nothing changes, if the rows of the op interact, or if the subject supports no such call.

    Raises:
        Failure: the subject crashes.
    """
    for rows in islice(_rows(subject, op, seed), TRIES):
        try:
            return list(_changes(_Runs(subject, op, rows, dtype, seed)))
        except Failure as failure:
            if failure.verdict is not Verdict.NOT_COVERED:
                raise
    return []


def changed(subject: Subject, op: Op, call: Call, dtype: str) -> list[Change]:
    """As ``changes``, on one call with other numbers of rows. Empty also if the subject crashes on some number."""
    if not (names := batched(op, call)):
        return []
    rows = Rows(Rows(call, names).call(1), names)
    try:
        return list(_changes(_Runs(subject, op, rows, dtype, call.seed)))
    except (Failure, *Rejection):
        return []


def has_rows(subject: Subject, op: Op, seed: int = 0) -> bool:
    """Whether the op has a call whose rows do not interact, and which the subject supports."""
    return op.kind == "differentiable" and any(_rows(subject, op, seed))


def _changes(runs: "_Runs") -> Iterator[Change]:
    counts = list(runs.counts())
    for quantity in runs.first_row(1):
        for fewer, more in pairwise(counts):
            if not runs.same(quantity, fewer, more):
                at = _first(lambda rows, q=quantity, n=fewer: not runs.same(q, n, rows), fewer + 1, more)  # type: ignore[misc]
                yield runs.change(quantity, at, 0)
        for rows in counts:
            if row := runs.odd(quantity, rows):
                yield runs.change(quantity, rows, row)
                break


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """A number for which it holds, and not for the one before, by bisection. It holds for ``high``."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return high


class _Runs:
    """A subject on the first rows of a case, and on as many rows that are all equal to the first."""

    def __init__(self, subject: Subject, op: Op, rows: Rows, dtype: str, seed: int) -> None:
        self.subject, self.op, self.rows, self.dtype = subject, op, rows, dtype
        largest = max(prod(rows.of_one.arguments[n]) for n in rows.names)
        self.most = max(count for count in ROWS if count * largest <= ELEMENTS or count == 1)
        self.case = _case(op, rows.call(self.most), dtype, seed)
        self.wanted = ["y", *(f"d{n}" for n in subject.gradients(op) if n in rows.names)]
        self.first_row = lru_cache(None)(partial(self._run, equal=False))
        self.equal_rows = lru_cache(None)(partial(self._run, equal=True))

    def counts(self) -> Iterator[int]:
        """The numbers of rows on which the subject runs: all that are not too large, or too slow."""
        for count in ROWS:
            start = time.perf_counter()
            if count <= self.most:
                self.first_row(count)
                self.equal_rows(count)
                yield count
            if count > self.most or time.perf_counter() - start > SECONDS:
                return

    def _run(self, count: int, equal: bool) -> Outputs:
        """The outputs that have rows: of row 0 among these; or, of equal rows, of all."""
        case = self.rows.first(self.case, count, equal)
        found = forward(self.subject, case)
        if not self.subject.forward_only(self.op.name):
            found |= backward(self.subject, case)
        kept = {q: found.get(q) for q in self.wanted}
        return {q: a if equal else a[:1] for q, a in kept.items() if a is not None and a.shape[:1] == (count,)}

    def same(self, quantity: str, one: int, other: int) -> bool:
        """Whether row 0 has the same bits in a batch of ``one`` rows and in one of ``other`` rows."""
        return _bits(self.first_row(one).get(quantity)) == _bits(self.first_row(other).get(quantity))

    def odd(self, quantity: str, count: int) -> int:
        """The first row that differs from row 0, among equal rows. 0 if there is none."""
        a = self.equal_rows(count).get(quantity)
        return 0 if a is None else next((i for i in range(1, count) if _bits(a[i]) != _bits(a[0])), 0)

    def change(self, quantity: str, count: int, row: int) -> Change:
        """The finding that ``row`` changes at ``count`` rows."""
        return Change(self.op.name, self.dtype, quantity, str(self.rows.call(count)), count, row)


def _bits(a: Array | None) -> bytes:
    return b"" if a is None else a.tobytes()


def _rows(subject: Subject, op: Op, seed: int) -> Iterator[Rows]:
    """Calls whose rows do not interact: with the first value of each option, then random ones."""
    rng = Random(seed)
    for i in range(DRAWS):
        lengths = cycle(LENGTHS)

        def size(name: str, values: Sequence[Any], lengths: Iterator[int] = lengths) -> int:
            if name == "kernel_size":
                return KERNEL
            return max(IMAGE, values[0]) if isinstance(values, range) else next(lengths)

        bias, rank = i % 4 < 2, 1 + i % 2
        call = plain_call(subject, op, size, rng if i > 3 else None, bias=bias, rank=rank, reduction="none")
        if call and (found := _of_call(op, str(call))):
            yield found


@lru_cache(4096)
def _of_call(op: Op, text: str) -> Rows | None:
    """The rows of a call, if they do not interact in PyTorch: the arrays whose first axis is as long as that of y."""
    call = parse(text, 0)
    try:
        case = _case(op, call, "float64", 0)
        count = case.dy.shape[0] if case.dy.ndim else 0
        arrays = (n for n in (*op.positional, *ARRAY_KEYWORDS) if n in op.parameters)
        names = tuple(n for n in arrays if (call.arguments.get(n) or ())[:1] == (count,))
        if count < 2 or not names or case.dy.size < 2 * count:
            return None
        rows = Rows(Rows(call, names).call(1), names)
        one = rows.first(case, 1)
        if reference_forward(rows.of_one, one.arrays, one.keywords).shape != one.dy.shape:
            return None
        _, among = reference_outputs(call, case.arrays, case.keywords, lambda _: case.dy)
        _, alone = reference_outputs(rows.of_one, one.arrays, one.keywords, lambda _: one.dy)
    except Rejection:
        return None
    bounds = finite_tolerance(op, replace(one, expected=alone)) or {}  # PyTorch rounds on either side
    of_rows = ["y", *(f"d{n}" for n in names if n in op.positional)]
    return rows if all(_are_equal(among[q], alone[q], bounds.get(q)) for q in of_rows) else None


def _are_equal(among: Array | None, alone: Array | None, bound: Array | None) -> bool:
    """Whether the first row among others is the row alone, within the bound of its rounding."""
    if among is None or alone is None:
        return among is alone
    return bool((error(among[:1], alone) <= (0.0 if bound is None else bound)).all())


def _case(op: Op, call: Call, dtype: str, seed: int) -> Case:
    """The call on real numbers, with a random cotangent."""
    case = without_expected(op, Call(call.op, call.arguments, seed))
    y = reference_forward(call, case.arrays, case.keywords)
    cast = partial(_cast, dtype=np.dtype(dtype))
    arrays, keywords = ({n: cast(a) for n, a in some.items()} for some in (case.arrays, case.keywords))
    dy = np.random.default_rng(seed).standard_normal(y.shape)
    return replace(case, call=call, dtype=np.dtype(dtype), arrays=arrays, keywords=keywords, dy=cast(dy))


def _cast(a: Any, dtype: np.dtype[Any]) -> Any:
    return a.astype(dtype) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a
