"""The order in which a sum is added, read off its roundings, and the bits of its accumulator.

The subject is a function of n addends. It receives +M, −M and otherwise ones, where M is so large that a one that is
added to it is lost. So the result counts the ones that were added after M and −M cancelled. n minus this number is the
size of the least part of the sum that holds both addends. From these sizes follows the tree: which addends, and which
parts, are added to each other. This is FPRev (Xie, Ye & Zhang 2025, arXiv 2411.00442).

A tree is accepted only if it predicts the sizes of further random pairs. Sums that are no fixed binary tree exist: some
round once for several addends, and some choose their order by the values.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import count
from math import isfinite
from random import Random
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from cnn_oracle.manual._typing import Array

Part = frozenset[int]  # places of addends that are added to each other before anything else is added to them
Sum = Callable[[Array], float]

PAIRS = 80  # random pairs that a tree must predict
DRAWS = 10  # sums of random numbers that are also added in the order of the tree
NARROW = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))  # formats of a result, besides its dtype
NODES = 16  # additions whose accumulator is measured
MOST = 2**7  # log2 of the largest M, over a one, with which the accumulator is measured
# M, and what stands for a one. The first fits into every format with the exponents of float32; the second into float16
SCALES = ((2.0**100, 1.0), (2.0**14, 2.0**-10))
FORMATS = {8: "bfloat16", 11: "float16", 24: "float32", 53: "float64", 64: "extended precision"}


class NoTreeError(Exception):
    """The sum is not added as a fixed binary tree."""


class Tree:
    """A binary tree of additions, by the parts that it adds up: of two or more addends, the smallest first."""

    def __init__(self, n: int, parts: frozenset[Part]) -> None:
        self.n, self.parts = n, parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tree) and (self.n, self.parts) == (other.n, other.parts)

    def __hash__(self) -> int:
        return hash((self.n, self.parts))

    @cached_property
    def ordered(self) -> list[Part]:
        """The parts, the smallest first."""
        return sorted(self.parts, key=len)

    @cached_property
    def halves(self) -> dict[Part, tuple[Part, Part]]:
        """The two parts that each part is the sum of. A single addend is a part, too."""
        of: dict[int, Part] = {i: frozenset((i,)) for i in range(self.n)}
        found = {}
        for part in self.ordered:
            one, other = {of[i] for i in part}
            found[part] = (one, other) if min(one) < min(other) else (other, one)
            of |= dict.fromkeys(part, part)
        return found

    def size(self, i: int, j: int) -> int:
        """The size of the least part that holds both addends."""
        return next(len(part) for part in self.ordered if i in part and j in part)

    def add(self, addends: Array) -> float:
        """The sum in this order, with each addition rounded to the dtype of the addends."""
        values = {frozenset((i,)): a for i, a in enumerate(addends)}
        for part, (one, other) in self.halves.items():
            values[part] = values[one] + values[other]
        return float(values[frozenset(range(self.n))])

    def within(self, places: list[int]) -> "Tree":
        """The tree of these addends, as if there were no others. They are counted anew, in this order."""
        of = {place: i for i, place in enumerate(places)}
        parts = (frozenset(of[i] for i in part if i in of) for part in self.parts)
        return Tree(len(places), frozenset(part for part in parts if len(part) > 1))

    def above(self, groups: list[list[int]]) -> "Tree":
        """The tree in which each of these parts counts as one addend."""
        of = {place: i for i, group in enumerate(groups) for place in group}
        whole = {i: len(group) for i, group in enumerate(groups)}
        parts = set()
        for part in self.parts:
            among = frozenset(of[i] for i in part)
            if len(among) > 1 and sum(whole[i] for i in among) == len(part):
                parts.add(among)
        return Tree(len(groups), frozenset(parts))

    def has(self, places: list[int]) -> bool:
        """Whether these addends are a part. A single one is."""
        return len(places) == 1 or frozenset(places) in self.parts


class Reading(NamedTuple):
    """How a sum of n addends is added.

    Attributes:
        addends: n.
        tree: the tree; None if the sum is not added as a fixed binary tree.
        bits: the fewest and the most bits that the measured additions keep; None without a tree.
        same_bits: whether sums of random numbers have the bits of the tree. None if the accumulators have several
            formats, or one that NumPy does not have.
        calls: how often the function was called.
    """

    addends: int
    tree: Tree | None
    bits: tuple[int, int] | None
    same_bits: bool | None
    calls: int

    @property
    def accumulator(self) -> str:
        """The format of the accumulator in words."""
        if self.bits is None:
            return ""
        return " and ".join(_format(bits) for bits in dict.fromkeys(self.bits))


def read(function: Sum, n: int, seed: int = 0, dtype: str = "float64") -> Reading:
    """How ``function`` adds n addends, n ≥ 2, which it receives as an array of this dtype.

    ``function`` may raise: the error is passed on.
    """
    rng, counter = Random(seed), count()

    def counted(addends: Array) -> float:
        next(counter)
        with np.errstate(all="ignore"):  # M may be outside the range of a format
            return function(addends.astype(dtype))

    for large, one in SCALES:
        probe = _Probe(counted, n, large, one)
        try:
            probe.check()
            tree = Tree(n, frozenset(_parts(probe, list(range(n)), rng)))
            for _ in range(PAIRS):
                i, j = rng.sample(range(n), 2)
                if probe.size(i, j) != tree.size(i, j):
                    raise NoTreeError
        except NoTreeError:
            continue
        bits = _bits(probe, tree, rng, NODES)
        same = _has_same_bits(counted, tree, bits, np.dtype(dtype), seed)
        if same is False:  # some addition has another format
            bits = _bits(probe, tree, rng, n)
            same = _has_same_bits(counted, tree, bits, np.dtype(dtype), seed)
        return Reading(n, tree, bits, same, next(counter))
    return Reading(n, None, None, None, next(counter))


class _Probe:
    """The sizes of the least parts of two addends, from the results of the function."""

    def __init__(self, function: Sum, n: int, large: float, one: float) -> None:
        self.function, self.n, self.large, self.one, self.together = function, n, large, one, n

    def check(self) -> None:
        """Find how many ones the result can count at a time.

        Raises:
            NoTreeError: the function does not add the addends.
        """
        while not self._counts(self.together):
            self.together //= 2
            if self.together < 2:
                raise NoTreeError

    def _counts(self, many: int) -> bool:
        """Whether sums of ``many`` ones, and of one less, are right. If so, all integers up to there are exact."""
        return all(self._sum(ones) == len(ones) for chunk in self._chunks(many) for ones in (chunk, chunk[1:]))

    def _chunks(self, many: int) -> Iterator[range]:
        return (range(start, min(start + many, self.n)) for start in range(0, self.n, many))

    def _sum(self, ones: range) -> float:
        addends = np.zeros(self.n)
        addends[ones.start : ones.stop] = self.one
        return self.function(addends) / self.one

    def size(self, i: int, j: int) -> int:
        """The size of the least part that holds both addends.

        Raises:
            NoTreeError: the result is not a number of ones.
        """
        kept = 0
        for chunk in self._chunks(self.together):
            addends = np.zeros(self.n)
            addends[chunk.start : chunk.stop] = self.one
            addends[i], addends[j] = self.large, -self.large
            result = self.function(addends) / self.one
            if not isfinite(result) or result != int(result) or not 0 <= result <= len(chunk):
                raise NoTreeError
            kept += int(result)
        if kept > self.n - 2:
            raise NoTreeError
        return self.n - kept

    def keeps(self, i: int, one: int, j: int, exponent: int) -> bool:
        """Whether 1 is kept when it is added to 2^exponent at i, before −2^exponent at j is."""
        addends = np.zeros(self.n)
        addends[i], addends[one], addends[j] = self.one * 2.0**exponent, self.one, -self.one * 2.0**exponent
        return self.function(addends) / self.one == 1


def _parts(probe: _Probe, places: list[int], rng: Random) -> Iterator[Part]:
    """The parts of the tree of these addends, which are a part themselves.

    One addend is compared with all others. Those of the same size are a part, which is added to the parts before. The
    addend is a random one, so that a sum from the last addend takes about 2 n calls, too.
    """
    if len(places) < 2:
        return
    start = rng.choice(places)
    by_size: dict[int, list[int]] = {}
    for j in places:
        if j != start:
            by_size.setdefault(probe.size(start, j), []).append(j)
    so_far = [start]
    for size, others in sorted(by_size.items()):
        so_far += others
        if size != len(so_far):
            raise NoTreeError
        yield frozenset(so_far)
        yield from _parts(probe, others, rng)


def _bits(probe: _Probe, tree: Tree, rng: Random, most: int) -> tuple[int, int] | None:
    """The fewest and the most bits that up to ``most`` additions keep. None if there is only one, to the result."""
    whole = frozenset(range(tree.n))
    of = {half: part for part, halves in tree.halves.items() for half in halves}
    inner = [part for part in tree.ordered if part != whole]
    found = []
    for part in rng.sample(inner, min(most, len(inner))):
        one, other = tree.halves[part]
        beside = next(half for half in tree.halves[of[part]] if half != part)
        i, k, j = min(one), min(other), min(beside)
        found.append(bisect_left(range(1, MOST), True, key=lambda e, i=i, k=k, j=j: not probe.keeps(i, k, j, e)) + 1)  # type: ignore[misc]
    return (min(found), max(found)) if found else None


def _has_same_bits(
    function: Sum, tree: Tree, bits: tuple[int, int] | None, dtype: np.dtype[Any], seed: int
) -> bool | None:
    """Whether sums of random numbers have the same bits in the order of the tree, whatever the format of the result.

    The numbers fit into every format. Their exponents differ so much that the accumulator rounds.
    """
    accumulator = {(24, 24): np.float32, (53, 53): np.float64}.get(bits or (0, 0))
    if accumulator is None:
        return None
    rng, most = np.random.default_rng(seed), 12 if accumulator is np.float32 else 40
    shape = DRAWS, tree.n
    draws = rng.choice([-1, 1], shape) * rng.integers(128, 256, shape) * 2.0 ** rng.integers(-most, most, shape)
    results = [function(a.astype(dtype)) for a in draws]
    with np.errstate(over="ignore"):
        sums = np.array([tree.add(a.astype(accumulator)) for a in draws])
        return any(np.array_equal(sums.astype(to), np.array(results)) for to in (dtype, *NARROW))


def _format(bits: int) -> str:
    if bits >= MOST:
        return f"{MOST} bits or more"
    return FORMATS.get(bits, f"{bits} bits")
