"""How many bits a subject's multiplier keeps: the largest integers that it multiplies without rounding.

One factor holds odd integers of exactly k bits, and the others hold ±1. So no sum rounds, and an output that is not
exact has lost bits of the factor. bfloat16 keeps 8 bits (exact at 256, not at 512); float16 and TF32 keep 11.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cache
from math import ceil, log2
from random import Random
from typing import NamedTuple

import numpy as np

from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases import exact_grids
from cnn_oracle.cases.case import Case, draw, with_expected
from cnn_oracle.cases.expected import longest_sum
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run.subject import run_all
from cnn_oracle.subject import Subject

CALLS = 10
FEW = 4  # bits that every format keeps
FORMATS = {8: "bfloat16", 11: "float16 or TF32", 24: "float32"}
LINEAR = (exact_grids.integers, exact_grids.cubes)


class Width(NamedTuple):
    """The bits that the factors of an output keep, and the most bits that the probe can test."""

    op: str
    dtype: str
    quantity: str
    bits: int
    most: int

    @property
    def reduced_precision(self) -> bool:
        """Whether the factors have reduced precision: some bits, but fewer than the probe can test.

        With no bits at all, the subject is wrong or uses a fast algorithm, which rounds at any amplitude.
        """
        return 1 < self.bits < self.most

    def __str__(self) -> str:
        if self.bits == self.most:
            return f"exact at 2^{self.most}, as far as sums allow"
        if self.bits < 2:
            return "exact at no amplitude: a fast algorithm, or wrong"
        name = FORMATS.get(self.bits, f"numbers of {self.bits} bits")
        return f"exact at {2**self.bits}, not at {2 ** (self.bits + 1)}: multiplies in {name}"


def probeable(op: Op) -> bool:
    """Whether the outputs of the op are sums of products."""
    return op.comparison.grids[:1] in [(draw,) for draw in LINEAR]


def widths(subject: Subject, op: Op, dtype: str, seed: int = 0) -> list[Width]:
    """The bits of each output: the least over some drawn calls that the subject supports, and over the factors.

    Raises:
        Failure: The subject crashes.
    """
    rng, kept, most = Random(seed), dict[str, int](), dict[str, int]()
    for _ in range(CALLS):
        call = random_call(op, rng)
        case = draw(op, call, op.comparison.grids[0], dtype)
        top = np.finfo(dtype).nmant + 1 - ceil(log2(longest_sum(call)))
        try:
            found = {} if subject.lacks(op, call) else _call_widths(subject, op, case, top)
        except Failure as failure:
            if failure.verdict is not Verdict.NOT_COVERED:
                raise
            continue
        for quantity, bits in found.items():
            most[quantity] = max(top, most.get(quantity, 0))
            if bits < top:
                kept[quantity] = min(bits, kept.get(quantity, bits))
    return [Width(op.name, dtype, quantity, kept.get(quantity, top), top) for quantity, top in most.items()]


def reduced_precision(subject: Subject, op: Op) -> str | None:
    """A sentence if the subject multiplies in reduced precision, else None."""
    if not probeable(op):
        return None
    try:
        if not _is_exact_at(FEW, subject, op):  # the usual wrong subject, which has no precision to find
            return None
        found = [width for dtype in subject.dtypes(op.name) for width in widths(subject, op, dtype)]
    except Failure:
        return None
    return next((f"{w.quantity} in {w.dtype} is {w}" for w in found if w.reduced_precision and w.bits in FORMATS), None)


def _is_exact_at(bits: int, subject: Subject, op: Op) -> bool:
    """Whether the subject is exact on one call with factors of so few bits."""
    case = draw(op, random_call(op, Random(0)), op.comparison.grids[0], subject.dtypes(op.name)[0])
    return all(
        a is None or _same(a, probed.expected[q])
        for probed in _factors(op, case, bits) for q, a in run_all(subject, op, probed).items()
    )  # fmt: skip


def _call_widths(subject: Subject, op: Op, case: Case, top: int) -> dict[str, int]:
    """For each output, the most bits up to ``top`` at which it is exact for every factor, by bisection."""

    @cache
    def exact(bits: int) -> set[str]:
        """The outputs that are exact at this number of bits. The subject runs once for all of them."""
        wrong = set[str]()
        for probed in _factors(op, case, bits):
            outputs = run_all(subject, op, probed)
            wrong |= {q for q, a in probed.expected.items() if q in quantities and not _same(outputs[q], a)}
        return {*quantities} - wrong

    gradients = [] if subject.forward_only(op.name) else [f"d{name}" for name in subject.gradients(op)]
    quantities = [q for q in ("y", *gradients) if case.expected[q] is not None]
    return {q: top if q in exact(top) else _last(lambda bits, q=q: q in exact(bits), top) for q in quantities}  # type: ignore[misc]


def _factors(op: Op, case: Case, bits: int) -> Iterator[Case]:
    """For each factor, and for dy, the case with this factor of ``bits`` bits and the others ±1."""
    units = {n: None if a is None else case.rng.choice([-1.0, 1.0], a.shape) for n, a in case.arrays.items()}
    for name, a in case.arrays.items():
        if a is not None:
            arrays = units | {name: _wide(case, a, bits)}
            yield _filled(op, case, arrays, case.rng.choice([-1.0, 1.0], case.dy.shape))
    yield _filled(op, case, units, _wide(case, case.dy, bits))


def _filled(op: Op, case: Case, arrays: dict[str, Array | None], dy: Array) -> Case:
    typed = {n: None if a is None else a.astype(case.dtype) for n, a in arrays.items()}
    return with_expected(op, case, arrays=typed, dy=dy.astype(case.dtype))


def _wide(case: Case, a: Array, bits: int) -> Array:
    """Odd integers of exactly ``bits`` bits, with random signs. They do not fit into fewer bits."""
    low = 2 ** (bits - 1)
    numbers = case.rng.integers(low, 2 * low, a.shape) | 1
    return np.asarray(case.rng.choice([-1.0, 1.0], a.shape) * numbers)


def _last(holds: Callable[[int], bool], top: int) -> int:
    """The last of 0 … top − 1 for which ``holds`` is true; it must be true for all before."""
    return bisect_left(range(1, top), True, key=lambda bits: not holds(bits))


def _same(a: Array | None, b: Array | None) -> bool:
    return a is not None and b is not None and np.array_equal(a, b)
