"""From which length on an output is wrong, and the block that this length suggests.

Real kernels work in blocks, and go wrong at their ends. If a failing call has a long axis, the subject runs again with
other lengths of it. The last right length and the first wrong one are found by bisection; further lengths say whether
the tail of the last block is wrong, or a full last block. Then the wrong elements are located.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import ceil
from typing import NamedTuple

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.calls.boundaries import BLOCKS, Place
from cnn_oracle.calls.inverse import Choices, call_with, choices_of
from cnn_oracle.calls.sampling import admitted
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.calls.work import elements
from cnn_oracle.cases.case import Case, replace
from cnn_oracle.cases.expected import Rejection
from cnn_oracle.diagnose.evidence import Observation, observed
from cnn_oracle.diagnose.positions import in_common
from cnn_oracle.diagnose.variants import outputs_of
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.subject import Subject, is_array

LONG = 6  # varied calls have all smaller lengths
SEEDS = (0, 1, 12, 13)  # of the calls with a length: not every call shows a mistake. From 10 on, numbers are large
MORE_SEEDS = range(20, 40)  # of further calls where a mistake seems to show by chance
EXPECTED = 5  # failures that so many right calls would have if length did not matter: 1 time in 150, they have none
MOST = 60_000  # elements of the calls that are tried
SHOWN = 4  # failing lengths from which the wrong elements are located
OPTIONS = (  # that are lengths
    "groups", "num_groups", "kernel_size", "output_size", "size", "upscale_factor", "downscale_factor",
)  # fmt: skip


class Extent(NamedTuple):
    """The lengths of one size at which an output is wrong.

    Attributes:
        right: the last right length.
        wrong: the first wrong length.
        offset: the lengths are those of an axis of y, which is longer than the size by this number.
        block: the block that the lengths suggest. 0 if they suggest none.
        pattern: "all": wrong from there on. "tail": wrong where a remainder is left after blocks. "longer tail": where
            it is longer than 1. "full": wrong at multiples of the block. "at times": on some calls. "some": else.
        failing: some failing lengths.
    """

    right: int
    wrong: int
    offset: int = 0
    block: int = 0
    pattern: str = "some"
    failing: tuple[int, ...] = ()


PATTERNS: Mapping[str, Callable[[int, int], bool]] = {  # length, block → whether it is wrong
    "tail": lambda n, block: n % block > 0,
    "full": lambda n, block: n % block == 0,
    "longer tail": lambda n, block: n % block > 1,
}


class Axis:
    """One size of a call, whose other choices stay. ``given`` are the other long sizes."""

    def __init__(self, subject: Subject, op: Op, failure: Failure, choices: Choices, place: Place) -> None:
        self.subject, self.op, self.failure, self.choices, self.place = subject, op, failure, choices, place
        self.given = [n for other, n in choices.sizes.items() if n >= LONG and other != place]
        self.seen = cache(self.look)

    def look(self, n: int, seeds: Iterable[int] = SEEDS) -> tuple[Observation, ...]:
        """What the subject does on calls with this length, up to the first failure. Empty if no call is possible."""
        seen = list[Observation]()
        calls = (self._call(n, seed) for seed in seeds)
        for one in observed(self.subject, self.op, self.failure, filter(None, calls)):
            seen.append(one)
            if one.is_wrong:
                break
        return tuple(seen)

    def _call(self, n: int, seed: int) -> Call | None:
        """The call with this length and seed. None if it is not possible, or too much work."""
        call = call_with(self.op, self.choices._replace(sizes={**self.choices.sizes, self.place: n}), seed)
        fits = call and not unsafe(call) and admitted(self.op, call) and elements(self.op, call) <= MOST
        return call if fits else None

    def is_wrong(self, n: int) -> bool:
        """Whether a call with this length shows the failure."""
        return any(one.is_wrong for one in self.seen(n))

    def is_always_wrong(self, n: int) -> bool:
        """Whether each of some calls with this length shows the failure."""
        return all(one.is_wrong for seed in MORE_SEEDS for one in self.look(n, [seed]))

    def is_right_beside(self, n: int, wrong: int) -> bool:
        """Whether calls with length n are right, and so many that their number alone does not explain it.

        If only some calls with the wrong length fail, the numbers decide. Then each element may fail with the same
        small probability, and a shorter call be right by chance.
        """
        seeds = [*SEEDS, *MORE_SEEDS]
        failing = sum(one.is_wrong for seed in seeds for one in self.look(wrong, [seed]))
        calls = ceil(EXPECTED * len(seeds) / failing * wrong / n)
        return not any(one.is_wrong for one in self.look(n, range(MORE_SEEDS.start, MORE_SEEDS.start + calls)))


def lengths(subject: Subject, op: Op, failure: Failure) -> str | None:
    """A sentence on the length from which the output is wrong. None if no size of the call has such a length."""
    if _largest(failure.call) < LONG or (choices := choices_of(op, failure.call)) is None:
        return None
    choices = _without_groups(subject, op, failure, choices)
    axes = [(Axis(subject, op, failure, choices, place), n) for place, n in choices.sizes.items() if n and n >= LONG]
    found = [(axis, extent) for axis, n in axes if axis.is_wrong(n) and (extent := _extent(axis, n))]
    if not found:
        return None
    return _sentence(*max(found, key=lambda one: _roundness(one[1].right, one[1].wrong)))


def _largest(call: Call) -> int:
    """The largest number among the arguments: the length of an axis of an array, or an option such as output_size."""
    leaves = (leaf for v in call.arguments.values() for leaf in (v if isinstance(v, tuple) else (v,)))
    return max((leaf for leaf in leaves if isinstance(leaf, int)), default=0)


def _without_groups(subject: Subject, op: Op, failure: Failure, choices: Choices) -> Choices:
    """The choices with one group and as many filters, if the call still fails. With groups, filters are multiples."""
    for place, n in choices.sizes.items():
        if place.name == "groups" and n and n > 1:
            for other, m in choices.sizes.items():
                if other != place and m and n * m >= LONG:
                    joined = choices._replace(sizes={**choices.sizes, place: 1, other: n * m})
                    if Axis(subject, op, failure, joined, place).is_wrong(1):
                        return joined
    return choices


def _extent(axis: Axis, n: int) -> Extent | None:
    """The last right length and the first wrong one up to n, and the pattern of lengths beyond."""
    extent = _bisected(axis, n)
    if extent and extent.pattern in ("some", "full"):  # right and wrong lengths alternate: begin with a small one
        smaller = (m for m in sorted({k * block + d for block in BLOCKS for k in (1, 2, 3) for d in (0, 1)}) if m < n)
        first = next((m for m in smaller if axis.is_wrong(m)), None)
        extent = (first and _bisected(axis, first)) or extent
    return extent


def _bisected(axis: Axis, n: int) -> Extent | None:
    right = next((m for m in _smaller(n) if axis.seen(m) and not axis.is_wrong(m)), None)
    if right is None:
        return None
    wrong = n
    while wrong - right > 1 and axis.seen(middle := (right + wrong) // 2):
        right, wrong = (right, middle) if axis.is_wrong(middle) else (middle, wrong)
    if not axis.is_always_wrong(wrong):
        limit = (
            right if wrong % 8 == 0 or right % 8 == 0 else max((block for block in BLOCKS if block < right), default=0)
        )
        if not limit or not axis.is_right_beside(limit, wrong):
            return None
        if limit != right:
            return Extent(right, wrong, 0, limit, "at times", (wrong,))
    offset = max((0, *_offsets(axis, right, wrong)), key=lambda one: _roundness(right + one, wrong + one))
    return _pattern(axis, Extent(right + offset, wrong + offset, offset))


def _offsets(axis: Axis, right: int, wrong: int) -> list[int]:
    """How much longer than the size those axes of y are that grow with it."""
    if wrong - right > 1 or axis.op.kind == "step":
        return []
    shapes = [axis.seen(n)[-1].case.dy.shape for n in (right, wrong)]
    return [m - wrong for n, m in zip(*shapes, strict=False) if m - n == 1 and len(shapes[0]) == len(shapes[1])]


def _roundness(right: int, wrong: int) -> int:
    """How many of the usual blocks divide a limit between two lengths."""
    return max(sum(n % block == 0 for block in BLOCKS) for n in (right, wrong))


def _smaller(n: int) -> Iterator[int]:
    """n − 1, then about n/2, n/4, …, down to 1."""
    yield n - 1
    while n > 1:
        n //= 2
        yield n


def _pattern(axis: Axis, extent: Extent) -> Extent:
    """The simplest pattern that fits the lengths next to multiples of some blocks."""
    offset, right, wrong = extent.offset, extent.right, extent.wrong
    blocks = {
        pattern: [n // k for k in (3, 2, 1) if n % k == 0 and n // k > 1]
        for pattern, n in (("tail", right), ("full", wrong), ("longer tail", right - 1))
    }
    near = {k * block + d for some in blocks.values() for block in some for k in range(1, 5) for d in (-1, 0, 1, 2)}
    tried = {n: axis.is_wrong(n - offset) for n in sorted(near) if n > wrong and axis.seen(n - offset)}
    extent = extent._replace(failing=(wrong, *(n for n, is_wrong in tried.items() if is_wrong)))
    if tried:
        suggested = max((right, wrong), key=lambda n: sum(n % block == 0 for block in (4, *BLOCKS)))
        extent = extent._replace(block=suggested * (suggested % (4 if all(tried.values()) else 8) == 0))
    if all(tried.values()):
        return extent._replace(pattern="all")
    for pattern, fits in PATTERNS.items():
        for block in blocks[pattern]:
            if all(is_wrong == fits(n, block) for n, is_wrong in tried.items()):
                return extent._replace(block=block, pattern=pattern)
    return extent


def _sentence(axis: Axis, extent: Extent) -> str:
    seen = [(n, one) for n in extent.failing[:SHOWN] for one in axis.seen(n - extent.offset) if one.is_wrong]
    if not seen:  # it shows by chance only
        seen = [(extent.wrong, one) for one in axis.look(extent.wrong - extent.offset, MORE_SEEDS) if one.is_wrong]
    (n, first), block = seen[0], f"{extent.block:,}"
    length, from_, right = _name(axis.op, first.case, n), f"{extent.wrong:,}", f"{extent.right:,}"
    given = "".join(f", with {_name(axis.op, first.case, m)} = {m:,}" for m in axis.given)
    suggests = f": consistent with blocks of {block}"
    match extent.pattern:
        case "tail":
            text = (
                f"wrong where {length} is no multiple of {block}, from {from_} on{given}{suggests} whose tail is wrong"
            )
        case "longer tail":
            text = f"wrong where {length} is more than 1 above a multiple of {block}, from {from_} on{given}{suggests}"
        case "full":
            text = f"wrong where {length} is a multiple of {block}, from {from_} on{given}{suggests}"
            text += ", the last of which is wrong if it is full"
        case pattern:
            often = "at times " * (pattern == "at times")
            text = f"{often}wrong from {length} = {from_} on, right up to {right}{given}"
            text += f": consistent with a block of {block}" if extent.block else ""
            half = extent.block // 2
            text += f", or with two of {half:,}" if pattern in ("all", "some") and half in BLOCKS else ""
    every = [one for _, one in seen]
    common = in_common(every) if all(one.is_comparable for one in every) else ""
    return f"{first.name} is {text}{_where(seen, extent)}{common}"


def _name(op: Op, case: Case, n: int) -> str:
    """How a call names a length: by an option, or by an axis of an array or of y."""
    for name, value in case.call.arguments.items():
        if name in OPTIONS and (value == n or (isinstance(value, tuple) and n in value)):
            return name
    shapes = {name: v for name, v in case.call.arguments.items() if is_array(name, op) and v is not None}
    for name, shape in {**shapes, "y": case.dy.shape}.items():
        if n in shape:
            return f"{name}.shape[{shape.index(n)}]"
    return "a size"


def _where(seen: Sequence[tuple[int, Observation]], extent: Extent) -> str:
    """Which elements are wrong, or which do not take part, as the end of a sentence. "" if no region fits."""
    quantity, ranks = seen[0][1].name, {one.expected.ndim for _, one in seen}
    for axis in range(max(ranks)) if len(ranks) == 1 else ():
        if all(one.is_comparable and one.wrong.shape[axis] == n for n, one in seen):
            lines = [_lines(one.wrong, axis) for _, one in seen]
            for text, region in _regions(extent):
                if _fits(lines, [region(np.arange(n), n) for n, _ in seen]):
                    return f"; along axis {axis} of {quantity}, {text} are wrong"
    for name in (*seen[0][1].case.arrays, "dy"):
        for text, region in _regions(extent):
            if all(_is_without(one, name, n, region) for n, one in seen):
                return f"; {quantity} is PyTorch's if {text} of {name} are 0"
    return ""


Region = Callable[[Array, int], Array]  # the numbers of the elements of an axis, its length → those that are meant


def _regions(extent: Extent) -> Iterator[tuple[str, Region]]:
    k, block = extent.right, extent.block or extent.right
    yield f"the elements from {k:,} on", lambda i, _: i >= k
    yield f"the elements behind the last full block of {block:,}", lambda i, n: i >= n - n % block
    yield f"the elements from the last multiple of {block:,} on", lambda i, n: i >= (n - 1) // block * block
    yield f"the elements before {k:,}", lambda i, _: i < k
    yield f"all but the last block of {block:,}", lambda i, n: i < (n - 1) // block * block
    yield f"every second block of {block:,}", lambda i, _: i // block % 2 == 1
    yield f"every {block:,}th element", lambda i, _: (i % block == 0) & (i > 0)
    yield "the last elements", lambda i, n: i == n - 1
    yield "all elements", lambda i, _: i >= 0


def _lines(wrong: Array, axis: int) -> Array:
    return np.asarray(wrong.any(tuple(i for i in range(wrong.ndim) if i != axis)))


def _fits(lines: Sequence[Array], regions: Sequence[Array]) -> bool:
    """Whether only elements of the regions are wrong, and the region of each call begins and ends with a wrong one."""
    return all(
        not (line & ~region).any() and np.array_equal(np.flatnonzero(line)[[0, -1]], np.flatnonzero(region)[[0, -1]])
        for line, region in zip(lines, regions, strict=True)
        if line.any()
    )


def _is_without(one: Observation, name: str, n: int, region: Region) -> bool:
    """Whether the output is right for other inputs: those where a region of an axis of an array is 0."""
    a = one.case.dy if name == "dy" else one.case.arrays[name]
    if a is None or n not in a.shape or not one.is_comparable:
        return False
    axis, changed = a.shape.index(n), a.copy()
    np.moveaxis(changed, axis, 0)[region(np.arange(n), n)] = 0
    arrays = one.case.arrays if name == "dy" else {**one.case.arrays, name: changed}
    try:
        case = replace(one.case, arrays=arrays, dy=changed if name == "dy" else one.case.dy)
        values = outputs_of(one.op, case)[one.quantity]
    except Rejection:
        return False
    return values is not None and one.is_given_by(values - one.start)
