"""Where calls come from: one sampler and its policies, part of an enumeration, or a single call.

A geometry makes choices (op.Choose). A choice is kept as the place of its value, the simplest first, so that a drawn
call can be drawn again and made simpler. The policies are uniform choices, which search; uniform ones that often take
the simplest; and Hypothesis, which shrinks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle, islice, repeat
from math import prod
from random import Random
from typing import Any, NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.calls.disputed import disputed
from cnn_oracle.calls.enumeration import Path, Space
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.op import Op
from cnn_oracle.subject import EVERYTHING, Limits

SEEDS = 2**32
TRIES = 200  # draws, at most, for a call within the limits of a subject
# Where a subject's own sizes are drawn, so that a call takes no seconds: elements of an array, and of the two largest,
# multiplied, which says roughly how many products an op has
LARGEST, PRODUCTS = 2**20, 2**28
ALSO = {"bias": "b", "running statistics": "running_mean", "mask": "attn_mask"}  # choices about an argument
SIZES = ("size", "batch", "channels", "filters", "features", "width", "keys", "value width")  # choices that are one

Policy = Callable[[int, int], int]  # how many values, and how many rare ones → the place of one, the rare behind


class Sample(NamedTuple):
    """A call, and what draws it again: the seed of its arrays, then the place of each choice. Others have none."""

    call: Call
    choices: Path = ()


def sample(op: Op, seed: int, policy: Policy, limits: Limits = EVERYTHING) -> Sample:
    """One call. Options have the values that are declared; sizes of the subject's own are rare values of one axis."""
    choices, left, declared = [seed], limits.sizes, limits.options.get(op.name, {})

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        nonlocal left
        values, rare = _narrowed(declared, name, values, rare) if declared else (values, rare)
        own = left if name in SIZES else ()
        place = policy(len(values), len(rare) + len(own))
        choices.append(place)
        if place >= len(values) + len(rare):
            left = ()  # the other axes stay small
        return (*values, *rare, *own)[place]

    call = op.call(choose, seed)
    return Sample(call, tuple(choices))


def _narrowed(
    declared: Mapping[str, tuple[Any, ...]], name: str, values: Sequence[Any], rare: Sequence[Any]
) -> tuple[Sequence[Any], Sequence[Any]]:
    """The values of a choice that are declared, if some are: what else is outside the limits is drawn again."""
    wanted = declared.get(name, declared.get(ALSO.get(name, ""), ()))
    if name == "padding mode" and "padding" in declared:
        texts = [v for v in declared["padding"] if isinstance(v, str)]
        wanted = (*texts, *["explicit"] * (len(texts) < len(declared["padding"])))
    members = [m for v in wanted for m in (v if isinstance(v, tuple) else (v,))]
    common, seldom = ([v for v in some if v in wanted or v in members] for some in (values, rare))
    if not common and not seldom:
        return values, rare
    return (common, seldom) if common else (seldom, ())


def admitted(op: Op, call: Call, limits: Limits = EVERYTHING) -> bool:
    """Whether a subject is asked the call: within its limits, and nothing on which versions of PyTorch disagree."""
    return not disputed(call) and limits.admit(op, call) and not (limits.sizes and _is_large(call))


def random_call(op: Op, rng: Random) -> Call:
    """A call of an op, each choice uniform but for rare ones, one in ten each; safe to hand to PyTorch in-process."""
    return next(_safe(op, rng, repeat(0.0))).call


class RandomCalls(NamedTuple):
    """Drawn calls. ``simple``: the probability that a choice is the simplest, in one call after the other."""

    examples: int
    seed: int
    simple: tuple[float, ...] = (0.0,)
    limits: Limits = EVERYTHING
    unsafe_too: bool = False

    def samples(self, op: Op) -> Iterator[Sample]:
        """So many of them, or fewer where nearly none is within the limits."""
        rng = Random(self.seed)
        simple = cycle(self.simple)
        if self.unsafe_too:
            every = (_drawn(op, rng, next(simple), self.limits) for _ in range(self.examples))
            return (one for one in every if admitted(op, one.call, self.limits))
        return islice(_safe(op, rng, simple, self.limits), self.examples)


class EnumerationSlice(NamedTuple):
    """The calls of an enumeration of that size that begin with these choices."""

    size: int
    prefix: Path
    limits: Limits = EVERYTHING

    def samples(self, op: Op) -> Iterator[Sample]:
        return (Sample(call) for call in Space(op, self.size).calls(self.prefix) if self.limits.admit(op, call))


class CallList(NamedTuple):
    """Calls that are given."""

    given: tuple[Sample, ...]

    def samples(self, op: Op) -> Iterator[Sample]:
        return (one for one in self.given if one.call.op == op.name)


Source = RandomCalls | EnumerationSlice | CallList


def _drawn(op: Op, rng: Random, simple: float = 0.0, limits: Limits = EVERYTHING) -> Sample:
    return sample(op, rng.randrange(SEEDS), partial(_uniform, rng, simple), limits)


def _uniform(rng: Random, simple: float, values: int, rare: int) -> int:
    if simple and rng.random() < simple:
        return 0
    return values + rng.randrange(rare) if rng.random() < rare / 10 else rng.randrange(values)


def _safe(op: Op, rng: Random, simple: Iterator[float], limits: Limits = EVERYTHING) -> Iterator[Sample]:
    """Calls that PyTorch can be handed, until none is found in many draws."""
    missed = 0
    while missed < TRIES:
        one = _drawn(op, rng, next(simple), limits)
        missed += 1
        if not unsafe(one.call) and admitted(op, one.call, limits):
            missed = 0
            yield one


def _is_large(call: Call) -> bool:
    """Whether it takes seconds: an array has many elements, or two of them many for each other."""
    shapes = (value for value in call.arguments.values() if isinstance(value, tuple))
    sizes = sorted(prod(n for n in shape if isinstance(n, int)) for shape in shapes)
    return max(sizes, default=0) > LARGEST or prod(sizes[-2:]) > PRODUCTS
