"""Whether the bits of a row depend on how many rows the batch has, or on the place of the row among them.

Both are allowed: a matrix product may choose the order of its sums by its size. With ``--require batch-invariance``
they fail, because then a result cannot be repeated in a batch of another size.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from math import prod
from random import Random
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.calls.sampling import SEEDS, admitted
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.cases.case import Case, build, replace
from cnn_oracle.cases.dtypes import FORMATS
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.run.subject import forward, run_all
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.contract import RUNS, differing
from cnn_oracle.theorems.rows import batched

CALLS, DRAWN = 12, 60  # calls of an op that are checked, and calls that are drawn for them at most
MOST, FEW = 256, 8  # rows of the largest batch, and of a small one
PRODUCTS = 2**22  # the elements of the two largest arrays of a call, multiplied
# Choices of a size along which an op sums, or that its code may cut into blocks, and the sizes that replace theirs
WIDE = ("in", "out", "channels", "filters", "features", "width", "value width", "keys", "classes")
SIZES = (1, 3, 16, 64)


class Change(NamedTuple):
    """A row whose bits change with the batch.

    Attributes:
        op: the op.
        dtype: the dtype of the inputs.
        quantity: the output, such as "y".
        what: which row changes, and when: "row 3 changes at 256 rows".
        rows: the number of rows of the batch in which it changes.
        call: a call with so many rows.
    """

    op: str
    dtype: str
    quantity: str
    what: str
    rows: int
    call: Call

    @property
    def key(self) -> tuple[str, str, bool]:
        """Two changes with one key say the same of two calls."""
        return self.dtype, self.quantity, " of " in self.what

    def __str__(self) -> str:
        return f"in {self.dtype}, {self.quantity} depends on the batch: {self.what}"


def changes(subject: Subject, op: Op, dtype: str, seed: int = 0) -> list[Change]:
    """How the bits of a row change with the batch, on some drawn calls: at most twice for each output.

    Calls that the subject does not support are left out, and so are ops whose rows interact.
    """
    found = dict[Any, Change]()
    for call in _calls(subject, op, Random(seed)):
        for change in changed(subject, op, call, dtype):
            if change.key not in found or change.rows < found[change.key].rows:
                found[change.key] = change
    return [*found.values()]


def changed(subject: Subject, op: Op, call: Call, dtype: str) -> list[Change]:
    """How the bits of a row change with the batch, on the arrays of one call in batches of up to ``MOST`` rows."""
    names = batched(op, call)
    try:
        whole = _case(subject, op, call, names, dtype) if names else None
        return [] if whole is None else [*_by_number(subject, op, whole, names), *_by_place(subject, op, whole, names)]
    except Failure:  # it does not support such a batch; what else is wrong with it is reported by the theorems
        return []


def _calls(subject: Subject, op: Op, rng: Random) -> Iterator[Call]:
    """Drawn calls with a batch, whose other axes are longer than those of ``random_call``."""

    def choose(name: str, values: Any, _rare: Any = (), /) -> Any:
        return rng.choice(SIZES if name in WIDE else values)

    drawn = (op.call(choose, rng.randrange(SEEDS)) for _ in range(DRAWN))
    usable = (call for call in drawn if batched(op, call) and not unsafe(call) and admitted(op, call, subject.limits))
    yield from islice((call for call in usable if subject.ours or not subject.lacks(op, call)), CALLS)


def _with_rows(call: Call, names: tuple[str, ...], rows: int) -> Call:
    shapes = {n: (rows, *call.arguments[n][1:]) for n in names}
    return Call(call.op, {**call.arguments, **shapes}, call.seed)


def _case(subject: Subject, op: Op, call: Call, names: tuple[str, ...], dtype: str) -> Case | None:
    """The case with as many rows as its size allows, or None if y has other rows than x."""
    rows = MOST
    while rows > 2 and _products(_with_rows(call, names, rows)) > PRODUCTS:
        rows //= 2
    largest = _with_rows(call, names, rows)
    case = build(op, largest, None, FORMATS[dtype], reference=lambda _op, case, _cotangent: case)
    y = forward(subject, case)["y"]
    if y is None or y.shape[:1] != (rows,) or not y.size:
        return None
    return replace(case, dy=case.rng.standard_normal(y.shape).astype(case.dtype))


def _products(call: Call) -> int:
    shapes = (value for value in call.arguments.values() if isinstance(value, tuple))
    return prod(sorted(prod(n for n in shape if isinstance(n, int)) for shape in shapes)[-2:])


def _chosen(case: Case, names: tuple[str, ...], rows: Any) -> Case:
    """The case with some rows of its batch: a slice, or their numbers."""
    arrays = {n: a[rows] if n in names and a is not None else a for n, a in case.arrays.items()}
    keywords = {n: v[rows] if n in names else v for n, v in case.keywords.items()}
    dy = case.dy[rows]
    return replace(case, call=_with_rows(case.call, names, len(dy)), arrays=arrays, keywords=keywords, dy=dy,
                   mutated=[], notes=[])  # fmt: skip


def _by_number(subject: Subject, op: Op, whole: Case, names: tuple[str, ...]) -> Iterator[Change]:
    """For each output, the first row that changes with the number of rows, and the number at which it does."""
    runs = cache(lambda rows: _Run.of(subject, op, _chosen(whole, names, slice(rows)), names))
    most, few = len(whole.dy), 1
    left = [*runs(1).outputs]
    while left and few < most:
        many = min(2 * few, most)
        for q in [q for q in left if runs(few).unlike(runs(many), q) is not None]:
            left.remove(q)
            low, high = few, many  # the rows have the bits of ``few`` rows at low, and others at high
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if runs(few).unlike(runs(middle), q) is not None else (middle, high)
            if runs(few).is_repeated(q) and runs(high).is_repeated(q):
                what = f"row {runs(few).unlike(runs(high), q)} changes at {high} rows"
                yield Change(op.name, str(whole.dtype), q, what, high, runs(high).case.call)
        few = many


def _by_place(subject: Subject, op: Op, whole: Case, names: tuple[str, ...]) -> Iterator[Change]:
    """For each output, the first row that changes if all rows move on by one place, in the smallest such batch."""
    seen = set[str]()
    for rows in sorted({min(FEW, len(whole.dy)), len(whole.dy)}):
        run = _Run.of(subject, op, _chosen(whole, names, slice(rows)), names)
        moved = _Run.of(subject, op, _chosen(run.case, names, np.roll(np.arange(rows), 1)), names)
        back = moved._replace(outputs={q: np.roll(a, -1, 0) for q, a in moved.outputs.items()})
        for q in run.outputs.keys() - seen:
            row = run.unlike(back, q)
            if row is not None and run.is_repeated(q) and moved.is_repeated(q):
                seen.add(q)
                what = f"row {row} of {rows} changes in the place of row {(row + 1) % rows}"
                yield Change(op.name, str(whole.dtype), q, what, rows, run.case.call)


class _Run(NamedTuple):
    """A case, and those outputs of the subject that have a row for each row of the batch."""

    subject: Subject
    op: Op
    case: Case
    names: tuple[str, ...]
    outputs: dict[str, Array]

    @classmethod
    def of(cls, subject: Subject, op: Op, case: Case, names: tuple[str, ...]) -> "_Run":
        every = run_all(subject, op, case)
        return cls(
            subject, op, case, names,
            {q: a for q in ("y", *(f"d{n}" for n in names)) if (a := every.get(q)) is not None},
        )  # fmt: skip

    def unlike(self, other: "_Run", q: str) -> int | None:
        """The first row whose bits differ in the two runs, or None."""
        pairs = zip(self.outputs[q], other.outputs[q], strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a.tobytes() != b.tobytes()), None)

    def is_repeated(self, q: str) -> bool:
        """Whether further runs give the same bits: otherwise chance makes the difference."""
        return not any(differing({q: self.outputs[q]}, _Run.of(*self[:4]).outputs) for _ in range(RUNS))
