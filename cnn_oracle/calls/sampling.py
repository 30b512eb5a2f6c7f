"""Sources of calls: random choices, part of an enumeration, or a list.

A geometry makes choices (op.Choose). A choice is kept as the index of its value, and the simplest value comes first.
So a drawn call can be drawn again, and can be made simpler. A policy makes the choices. There are three: uniform
choices, uniform choices that often take the simplest value, and Hypothesis, which shrinks.
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
# Limits for calls with the sizes of the settings, so that no call takes seconds: the elements of an array, and those
# of the two largest arrays, multiplied, which is roughly the number of products of an op
LARGEST, PRODUCTS = 2**20, 2**28
ALSO = {"bias": "b", "running statistics": "running_mean", "mask": "attn_mask"}  # choice → its argument
SIZES = ("size", "batch", "channels", "filters", "features", "width", "keys", "value width")  # choices that are sizes

Policy = Callable[[int, int], int]  # number of values, number of rare ones → an index; rare ones come last


class Sample(NamedTuple):
    """A call, and the choices that draw it again: the seed of its arrays, then the index of each choice.

    A call that was not drawn has no choices.
    """

    call: Call
    choices: Path = ()


def sample(op: Op, seed: int, policy: Policy, limits: Limits = EVERYTHING) -> Sample:
    """Draw one call, whose choices ``policy`` makes.

    If the limits declare values for an option, one of these is chosen. The sizes of the limits are rare values, and at
    most one axis has such a size. The call may still be outside the limits: see ``admitted``.
    """
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
    """Keep only the declared values of a choice. If none of them is declared, all values stay."""
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
    """Whether a subject is checked on the call: it is within the limits, not too large, and not disputed."""
    return not disputed(call) and limits.admit(op, call) and not (limits.sizes and _is_large(call))


def random_call(op: Op, rng: Random) -> Call:
    """A random call that is safe for PyTorch. Choices are uniform, but each rare value has a probability of 1/10.

    Raises:
        StopIteration: no such call was found in ``TRIES`` draws.
    """
    return next(_safe(op, rng, repeat(0.0))).call


USUAL, VARIED = (1, 2, 3), (2, 3, 4, 5)  # sizes that a geometry offers first; sizes that replace them


def varied_call(op: Op, rng: Random, limits: Limits = EVERYTHING) -> Call | None:
    """A random call without degenerate arrays: no axis of the first array has length 0 or 1. None if this fails.

    Lengths vary more than in ``random_call``, so that different products of lengths are different numbers.
    """
    declared = limits.options.get(op.name, {})

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        values, _ = _narrowed(declared, name, values, rare) if declared else (values, rare)
        if name in SIZES:
            larger = [v for v in values if v > 1] or values
            return rng.choice(VARIED if tuple(values[:3]) == USUAL else larger)
        return rng.choice(values)

    call = op.call(choose, rng.randrange(SEEDS))
    first = call.arguments[op.positional[0]]
    degenerate = not first or min(first) < 2
    return None if degenerate or unsafe(call) or not admitted(op, call, limits) else call


class RandomCalls(NamedTuple):
    """Random calls.

    Attributes:
        examples: how many.
        seed: the seed of all choices.
        simple: the probability that a choice is the simplest; the calls take these values in turn.
        limits: only calls within these limits.
        unsafe_too: also calls that are unsafe for PyTorch.
    """

    examples: int
    seed: int
    simple: tuple[float, ...] = (0.0,)
    limits: Limits = EVERYTHING
    unsafe_too: bool = False

    def samples(self, op: Op) -> Iterator[Sample]:
        """``examples`` calls, or fewer if too many draws are outside the limits."""
        rng = Random(self.seed)
        simple = cycle(self.simple)
        if self.unsafe_too:
            every = (_drawn(op, rng, next(simple), self.limits) for _ in range(self.examples))
            return (one for one in every if admitted(op, one.call, self.limits))
        return islice(_safe(op, rng, simple, self.limits), self.examples)


class EnumerationSlice(NamedTuple):
    """The calls of an exhaustive enumeration up to ``size`` that begin with the choices ``prefix``."""

    size: int
    prefix: Path
    limits: Limits = EVERYTHING

    def samples(self, op: Op) -> Iterator[Sample]:
        return (Sample(call) for call in Space(op, self.size).calls(self.prefix) if self.limits.admit(op, call))


class CallList(NamedTuple):
    """A list of calls."""

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
    """Calls that are safe for PyTorch. It ends after ``TRIES`` draws in a row without one."""
    missed = 0
    while missed < TRIES:
        one = _drawn(op, rng, next(simple), limits)
        missed += 1
        if not unsafe(one.call) and admitted(op, one.call, limits):
            missed = 0
            yield one


def _is_large(call: Call) -> bool:
    """Whether the call takes seconds: one array, or the product of the two largest, has too many elements."""
    shapes = (value for value in call.arguments.values() if isinstance(value, tuple))
    sizes = sorted(prod(n for n in shape if isinstance(n, int)) for shape in shapes)
    return max(sizes, default=0) > LARGEST or prod(sizes[-2:]) > PRODUCTS
