"""Sources of calls: random choices, part of an enumeration, or a list.

A geometry makes choices (op.Choose). A choice is kept as the index of its value, and the simplest value comes first.
So a drawn call can be drawn again, and can be made simpler. A policy makes the choices. There are three: uniform
choices, uniform choices that often take the simplest value, and Hypothesis, which shrinks. Some choices may be wanted:
the options of a usual geometry (geometry/usual.py), or boundary sizes (boundaries.py).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import count, cycle, islice, repeat
from math import prod
from random import Random
from typing import Any, NamedTuple, Protocol

from cnn_oracle.call import Call
from cnn_oracle.calls.boundaries import LAUNCH, LAUNCH_ELEMENTS, SIZES, Place, own_calls, places, plan
from cnn_oracle.calls.disputed import disputed
from cnn_oracle.calls.enumeration import Path, Space
from cnn_oracle.calls.geometry.usual import usual
from cnn_oracle.calls.unsafe import unsafe
from cnn_oracle.calls.work import elements, shapes
from cnn_oracle.op import Op
from cnn_oracle.subject import EVERYTHING, Limits

SEEDS = 2**32
TRIES = 200  # draws, at most, for a call within the limits of a subject
# No call takes seconds: limits for the elements of an array, and for those of the second largest array, because the
# product of the two is roughly the number of products of an op
LARGEST, SECOND = 2**20, 2**8
ALSO = {"bias": "b", "running statistics": "running_mean", "mask": "attn_mask"}  # choice → its argument
FURTHER = 2**19  # sizes that can be chosen beside the values of a geometry: 0 … FURTHER − 1
# The share of calls with an empty axis is about 1/30: such calls hide other mistakes. In a run, each
# EMPTY_TURN'th random call has one
CALLS_WITH_EMPTY, EMPTY_AXES, EMPTY_TURN = 1 / 15, 1 / 3, 13

Wanted = Mapping[Any, Any]  # a name of choices, or a Place → the value that is wanted
ANYTHING: Wanted = {}  # nothing in particular is wanted


class Policy(Protocol):
    """Makes a choice: the number of values, of rare ones, of further ones → an index. The simplest come first.

    ``empty``: the rare value is an empty axis.
    """

    def __call__(self, values: int, rare: int, further: int, empty: bool, /) -> int: ...


class Sample(NamedTuple):
    """A call, and the choices that draw it again: the seed of its arrays, then the index of each choice.

    A call that was not drawn has no choices.
    """

    call: Call
    choices: Path = ()


def sample(
    op: Op, seed: int, policy: Policy, limits: Limits = EVERYTHING, wanted: Wanted = ANYTHING,
    met: set[Place] | None = None,
) -> Sample:  # fmt: skip
    """Draw one call, whose choices ``policy`` makes, except those that are ``wanted`` and possible.

    A choice that is a size has further values: all numbers that are not below the least of its values. If the limits
    declare values for an option, one of these is chosen. The call may still be outside the limits: see ``admitted``.
    ``met`` receives the places whose wanted value was possible.
    """
    choices, declared, numbers = [seed], limits.options.get(op.name, {}), Counter[str]()

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        values, rare = _narrowed(declared, name, values, rare) if declared else (values, rare)
        least = min((v for v in values if v is not None), default=1) if name in SIZES and name not in declared else None
        index = _index(wanted, Place(name, numbers[name]), (*values, *rare), least) if wanted else None
        if index is not None and met is not None:
            met.add(Place(name, numbers[name]))
        numbers[name] += 1
        if index is None:
            index = policy(len(values), len(rare), 0 if least is None else FURTHER, name in SIZES and rare == (0,))
        choices.append(index)
        if index >= len(values) + len(rare):
            return max(index - len(values) - len(rare), least)  # type: ignore[type-var]  # a size
        return (*values, *rare)[index]

    call = op.call(choose, seed)
    return Sample(call, tuple(choices))


def _index(wanted: Wanted, place: Place, values: Sequence[Any], least: int | None) -> int | None:
    """The index of the wanted value of a choice. None if no value is wanted, or if it is not possible."""
    value = wanted.get(place, wanted.get(place.name, ...))
    if isinstance(value, list):
        value = value[place.number] if place.number < len(value) else ...
    if value is not ... and value in values:
        return values.index(value)
    return len(values) + value if least is not None and isinstance(value, int) and value >= least else None


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
    return not disputed(call) and limits.admit(op, call) and not _is_large(op, call, max(LARGEST, limits.max_elements))


def random_call(op: Op, rng: Random) -> Call:
    """A random call that is safe for PyTorch. Choices are uniform, but each rare value has a probability of 1/10.

    Raises:
        StopIteration: no such call was found in ``TRIES`` draws.
    """
    return next(_safe(op, rng, repeat(0.0))).call


USUAL, VARIED = (1, 2, 3), (2, 3, 4, 5)  # sizes that a geometry offers first; sizes that replace them
VARY = ("size", "batch", "channels", "filters", "features", "width", "keys", "value width")  # the names of these


def varied_call(op: Op, rng: Random, limits: Limits = EVERYTHING) -> Call | None:
    """A random call without degenerate arrays: no axis of the first array has length 0 or 1. None if this fails.

    Lengths vary more than in ``random_call``, so that different products of lengths are different numbers.
    """
    declared = limits.options.get(op.name, {})

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        values, _ = _narrowed(declared, name, values, rare) if declared else (values, rare)
        if name in VARY:
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


MOST_USUAL = 1 / 5  # the share of usual geometries in a run, at most
TURN = 3  # after them, each TURN'th call is random, and the others have boundary sizes


class DrawnCalls(NamedTuple):
    """The calls of a run: the usual geometries first, then boundary sizes and random calls in turn.

    Attributes:
        examples: how many, without those for the user's own block sizes.
        seed: the seed of all choices. Boundary sizes go on in their turn with the next seed.
        limits: only calls within these limits.
    """

    examples: int
    seed: int
    limits: Limits = EVERYTHING

    def total(self, op: Op) -> int:
        """The number of calls."""
        return self.examples + own_calls(op, self.limits.sizes)

    def samples(self, op: Op) -> Iterator[Sample]:
        """``total`` calls, or fewer if too many draws are outside the limits."""
        rng, limits = Random(self.seed), self.limits
        plain = self._plain(op, rng)
        first = usual(op.name)[: int(self.examples * MOST_USUAL)]
        own, left = own_calls(op, limits.sizes), self.examples - len(first)
        start = own + self.seed % 2**16 * (left - left // TURN)  # the turn of an earlier seed ends here
        for wanted in first:
            found = _wanted(op, rng, wanted, limits, limits.max_elements) or next(plain, None)
            if found is None:
                return
            yield found
        for i in range(own + left):
            j = i - own
            index = i if j < 0 else start + j - j // TURN - 1 if j % TURN else None
            one = None if index is None or not places(op) else self._at_boundary(op, rng, index)
            found = one or next(plain, None)
            if found is None:
                return
            yield found

    def _plain(self, op: Op, rng: Random) -> Iterator[Sample]:
        """Random calls. Each ``EMPTY_TURN``'th has an empty axis, if some call of the op has one."""
        filled, possibly_empty = (_safe(op, rng, repeat(0.0), self.limits, share) for share in (0.0, 1.0))
        for i in count():
            empty = [] if i % EMPTY_TURN else [one for one in islice(possibly_empty, FEW) if _is_empty(op, one.call)]
            one = empty[0] if empty else next(filled, None)
            if one is None:
                return
            yield one

    def _at_boundary(self, op: Op, rng: Random, index: int) -> Sample | None:
        """A call with the sizes of a plan. None if no such call is within the limits."""
        sizes = plan(op, index, self.limits.sizes, self.limits.max_elements)
        limits, plain = self.limits, PLAIN[index // (2 * len(places(op))) % len(PLAIN)]
        if max(sizes.values()) in LAUNCH:
            return _wanted(op, rng, sizes, limits, max(limits.max_elements, LAUNCH_ELEMENTS), SIMPLE, SIMPLE)
        smaller = ({place: min(n, most) for place, n in sizes.items()} for most in (LARGEST, *SMALLER))
        found = (_wanted(op, rng, one, limits, limits.max_elements, plain=plain) for one in smaller)
        return next(filter(None, found), None)


def _is_empty(op: Op, call: Call) -> bool:
    return not all(map(prod, shapes(op, call)))


PLAIN = (0.8, 0.2)  # how often an option has its simplest value: in one round of boundary sizes, in the next, in turn
FEW = 10  # draws for a call with an empty axis
SMALLER = (1025, 513, 129, 33)  # sizes instead of larger ones that would be too much work
SIMPLE = 0.8  # how often the other choices of a call with a launch limit are the simplest, so that it stays cheap


def _wanted(
    op: Op, rng: Random, wanted: Wanted, limits: Limits, most: int = LARGEST, simple: float = 0.0, plain: float = 0.0
) -> Sample | None:
    """A safe call with what is wanted, and at most ``most`` elements in an array. Later tries are simpler."""
    for i in range(TRIES):
        met = set[Place]()
        one = _drawn(op, rng, max(simple, i / TRIES), limits, wanted, met, plain=plain)
        fits = not _is_empty(op, one.call) and elements(op, one.call) <= most
        reached = all(place in met for place in wanted if isinstance(place, Place))
        if fits and reached and not unsafe(one.call) and admitted(op, one.call, limits):
            return one
    return None


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


Source = RandomCalls | DrawnCalls | EnumerationSlice | CallList


def _drawn(
    op: Op, rng: Random, simple: float = 0.0, limits: Limits = EVERYTHING, wanted: Wanted = ANYTHING,
    met: set[Place] | None = None, empty: float = CALLS_WITH_EMPTY, plain: float = 0.0,
) -> Sample:  # fmt: skip
    seed = rng.randrange(SEEDS)
    plain = max(simple, plain)
    return sample(op, seed, partial(_uniform, rng, simple, plain, rng.random() < empty), limits, wanted, met)


def _uniform(
    rng: Random, simple: float, plain: float, may_be_empty: bool, values: int, rare: int, further: int, empty: bool
) -> int:
    """A choice. It is the simplest with the probability ``simple`` if it is a size, else ``plain``."""
    if (share := simple if further else plain) and rng.random() < share:
        return 0
    share = EMPTY_AXES * may_be_empty if empty else rare / 10
    return values + rng.randrange(rare) if rare and rng.random() < share else rng.randrange(values)


def _safe(
    op: Op, rng: Random, simple: Iterator[float], limits: Limits = EVERYTHING, empty: float = CALLS_WITH_EMPTY
) -> Iterator[Sample]:
    """Calls that are safe for PyTorch. It ends after ``TRIES`` draws in a row without one."""
    missed = 0
    while missed < TRIES:
        one = _drawn(op, rng, next(simple), limits, empty=empty)
        missed += 1
        if not unsafe(one.call) and admitted(op, one.call, limits):
            missed = 0
            yield one


def _is_large(op: Op, call: Call, most: int) -> bool:
    """Whether the call takes seconds: one array, or the product of the two largest, has too many elements.

    Arrays of one shape are not multiplied with each other.
    """
    sizes = sorted(map(prod, {*shapes(op, call)}))
    return max(sizes, default=0) > most or prod(sizes[-2:]) > most * SECOND
