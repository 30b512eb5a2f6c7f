"""The choices that make a given call, so that one of its sizes can be changed and the rest stays as it is."""

from collections import Counter
from collections.abc import Mapping, Sequence
from inspect import Parameter
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from cnn_oracle.call import Call
from cnn_oracle.calls.boundaries import SIZES, Place
from cnn_oracle.calls.sampling import ALSO, TRIES
from cnn_oracle.op import Op
from cnn_oracle.subject import is_array

STARTS, PASSES = 40, 4  # tries from other sizes; passes over all sizes, each of which gets the most alike value


class Choices(NamedTuple):
    """The choices of a geometry, by name and number: sizes and others."""

    sizes: Mapping[Place, int]
    others: Mapping[Place, Any]


def choices_of(op: Op, call: Call) -> Choices | None:
    """The choices that make a call. None if they are not found: not every valid call comes from a geometry."""
    rng, wanted = Random(0), _leaves(call)
    drawn = (_drawn(op, call, rng) for _ in range(TRIES))
    alike = (choices for choices, made in drawn if _structure(op, made) == _structure(op, call))
    for first in islice(alike, STARTS):
        found = _nearest(op, call, first)
        if (again := call_with(op, found, 0)) and _leaves(again) == wanted:
            return found
    return None


def call_with(op: Op, choices: Choices, seed: int) -> Call | None:
    """The call that these choices make. None if a size is below the least that the geometry allows."""
    numbers, valid = Counter[str](), True

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        nonlocal valid
        place = Place(name, numbers[name])
        numbers[name] += 1
        if name in SIZES:
            least = _least(values)
            size = choices.sizes.get(place, least)
            valid = valid and (size is None or size >= least or size in rare)
            return size
        other = choices.others.get(place, values[0])
        return other if other in (*values, *rare) else values[0]

    call = op.call(choose, seed)
    return call if valid else None


def _drawn(op: Op, call: Call, rng: Random) -> tuple[Choices, Call]:
    """Choices with small sizes and, where names agree, the options of a call; and the call that they make."""
    sizes, others, numbers = dict[Place, int](), dict[Place, Any](), Counter[str]()

    def choose(name: str, values: Sequence[Any], rare: Sequence[Any] = (), /) -> Any:
        place, every = Place(name, numbers[name]), (*values, *rare)
        numbers[name] += 1
        if name in SIZES:
            sizes[place] = _least(values) + rng.randrange(3)
            return sizes[place]
        given = _given(op, call, place)
        if not given or given[0] not in every:  # what is given may be possible with other sizes
            given = (*given, rng.choice(every))
        others[place] = rng.choice(given)
        return others[place] if others[place] in every else values[0]

    made = op.call(choose, call.seed)
    return Choices(sizes, others), made


def _given(op: Op, call: Call, place: Place) -> tuple[Any, ...]:
    """The value that a choice has in a call. Empty if the arguments do not say."""
    name = ALSO.get(place.name, place.name)
    options = {n: call.arguments.get(n, op.parameters[n].default) for n in op.options}
    if name == "alike":
        return (False,) if any(isinstance(v, tuple) for v in options.values()) else ()
    if name in ("beta1", "beta2"):
        return (options["betas"][int(name[-1]) - 1],)
    if name not in op.parameters or name == "attn_mask":
        return ()
    if is_array(name, op):
        return () if op.parameters[name].default is Parameter.empty else (call.arguments.get(name) is not None,)
    value = options["kernel_size"] if name == "stride" and options[name] is None else options[name]
    if isinstance(value, tuple):
        return value[place.number : place.number + 1]
    return (value,)


def _nearest(op: Op, call: Call, choices: Choices) -> Choices:
    """The choices with other sizes, one after another those with which the call is most alike."""
    wanted = _leaves(call)
    numbers = {n for n in wanted.values() if isinstance(n, int) and n > 0}
    sizes = sorted(numbers | {a // b for a in numbers for b in (2, *numbers) if a % b == 0})

    def alike(found: Choices) -> int:
        made = call_with(op, found, 0)
        leaves = _leaves(made) if made else {}
        return sum(1 if wanted.get(key, ...) == value else -(key not in wanted) for key, value in leaves.items())

    for _ in range(PASSES):
        before = choices
        for place in choices.sizes:
            others = [choices._replace(sizes={**choices.sizes, place: n}) for n in sizes]
            choices = max((choices, *others), key=alike)
        if choices == before:
            break
    return choices


def _structure(op: Op, call: Call) -> dict[str, Any]:
    """Which arrays a call has, and how many axes each."""
    return {n: len(v) for n, v in call.arguments.items() if is_array(n, op) and v is not None}


def _leaves(call: Call) -> dict[tuple[str, int], Any]:
    """Each number of the arguments of a call, by its place."""
    return {
        (name, i): leaf
        for name, value in call.arguments.items()
        for i, leaf in enumerate(value if isinstance(value, tuple) else (value,))
    }


def _least(values: Sequence[Any]) -> int:
    return min((v for v in values if v is not None), default=1)
