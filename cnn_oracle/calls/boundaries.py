"""Boundary sizes: lengths next to the ends of blocks, at which real kernels go wrong.

Kernels work in tiles, vectors and launches of a power of two. Most mistakes at their ends show only past the first
block, so a size of a call also takes the values kT − 1, kT and kT + 1. A place is one choice of a size in a geometry:
its name, and its number among the choices of this name. ``plan`` says which places get which sizes, in fixed turn.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from cnn_oracle.op import Op
from cnn_oracle.subject import MAX_ELEMENTS

BLOCKS = (8, 16, 32, 64, 128, 256, 512, 1024)
TIMES = (1, 2, 3)
# A launch on a GPU has at most 65,535 blocks along two of its three axes. Such calls take longer
LAUNCH, LAUNCH_ELEMENTS = (65_537, 65_535, 65_536), 140_000
LAUNCHED = ("batch", "rows", "queries", "channels", "classes", "in", "size")  # names of places with a launch limit
LAUNCHES = 2  # such places of an op, at most
# Sizes of one place: past all blocks, a multiple of all blocks, one before it; then farther, and fewer blocks
LONG = (1025, 1024, 1023, 2049, 3073, 511, 2047, 3071, 513, 512)
# Sizes of two places at once, if their product is within the budget: two long ones, a long one and a short one, or two
# that are neither
PAIRS = (
    (1025, 1023), (257, 513), (1025, 129),
    (1025, 17), (129, 65), (1023, 15), (97, 129), (1024, 9), (65, 257), (2049, 7), (31, 127), (1025, 9), (63, 95),
    (511, 33), (64, 128), (1023, 17), (33, 191), (513, 31), (17, 25), (1024, 16), (47, 96), (1025, 12),
)  # fmt: skip
SIZES = frozenset((
    "size", "batch", "channels", "filters", "features", "in", "out", "rows", "width", "queries", "keys", "heads",
    "sharing", "value width", "classes", "groups", "kernel_size", "window", "output_size", "upscale_factor",
    "downscale_factor",
))  # fmt: skip  # the names of choices that are sizes
PROBES = 200  # draws from which the places of an op are found


class Place(NamedTuple):
    """One choice of a size: its name, and its number among the choices of this name."""

    name: str
    number: int


Plan = Mapping[Place, int]  # the sizes of some places; all others are drawn


@lru_cache
def places(op: Op) -> tuple[Place, ...]:
    """The sizes of an op: batch, channels, each axis, kernel taps, and so on."""
    found, rng = set[Place](), Random(0)
    for _ in range(PROBES):
        names = list[str]()

        def choose(name: str, values: Sequence[Any], _: Sequence[Any] = (), /, *, names: list[str] = names) -> Any:
            if name in SIZES:
                found.add(Place(name, names.count(name)))
                names.append(name)
            return rng.choice(values)

        op.geometry(choose)
    return tuple(sorted(found))


def boundaries(blocks: Sequence[int] = BLOCKS) -> tuple[int, ...]:
    """kT − 1, kT and kT + 1 for each block T and k = 1, 2, 3."""
    every = {k * block + d for block in blocks for k in TIMES for d in (-1, 0, 1)}
    return tuple(sorted(n for n in every if n > 0))


def own_calls(op: Op, own: Sequence[int]) -> int:
    """The number of calls in which each place has each boundary of the user's own blocks once, with k = 1."""
    return 3 * len(own) * len(places(op))


def plan(op: Op, index: int, own: Sequence[int] = (), max_elements: int = MAX_ELEMENTS) -> Plan:
    """The sizes of call number ``index`` of those with boundary sizes.

    First, each place gets each boundary of the user's ``own`` blocks. Then there are rounds. In a round, each place
    gets a long size, then each place and another one get a pair of sizes, then some places get a launch limit.

    Args:
        op: the op. It has at least one place.
        index: the number of the call.
        own: the user's own blocks.
        max_elements: no size, and no product of a pair, is larger. Launch limits need at least the default.
    """
    every = places(op)
    if index < own_calls(op, own):
        block, d = [(block, d) for d in (1, 0, -1) for block in own][index // len(every)]
        return {every[index % len(every)]: max(block + d, 1)}
    launched = [place for place in every if place.name in LAUNCHED and not _is_slow(op, place)][:LAUNCHES]
    launched = launched if max_elements >= MAX_ELEMENTS else []
    round_, i = divmod(index - own_calls(op, own), 2 * len(every) + len(launched))
    if i < len(every):
        return {every[i]: _in_turn(round_, max_elements)}
    if i >= 2 * len(every):
        return {launched[i - 2 * len(every)]: LAUNCH[round_ % len(LAUNCH)]}
    i -= len(every)
    place, other = every[i], every[(i + 1 + round_) % len(every)]
    pairs = [pair for pair in PAIRS if pair[0] * pair[1] <= max_elements] or [(max_elements, 1)]
    first, second = pairs[(round_ * len(every) + i) % len(pairs)]
    return {other: second} | {place: first}


def _is_slow(op: Op, place: Place) -> bool:
    """Whether PyTorch itself takes seconds with 65,537 elements: its convolutions, fold and unfold loop over images."""
    return ("conv" in op.name or "fold" in op.name) and place.name == "batch"


def _in_turn(number: int, max_elements: int) -> int:
    """The size number ``number`` of one place: those of ``LONG``, then all other boundaries, again and again."""
    every = [n for n in dict.fromkeys((*LONG, *reversed(boundaries()))) if n <= max_elements] or [max_elements]
    return every[number % len(every)]
