"""Where numbers are wrong: in another order, at some places of an axis, or for some values of an input."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, permutations

import numpy as np

from cnn_oracle.cases.case import replace
from cnn_oracle.cases.expected import Rejection
from cnn_oracle.diagnose.claims import Claim
from cnn_oracle.diagnose.evidence import LEAST, NEARLY, UNEXPLAINED, Observation
from cnn_oracle.diagnose.variants import outputs_of
from cnn_oracle.manual._typing import Array

SUMS = re.compile("conv|avg_pool|adaptive_avg|unfold|fold|interpolate|pad")  # ops that add the elements of windows
BLOCKS = (2, 3, 4, 8, 16, 32, 64, 128, 256, 512, 1024)  # lengths of the blocks in which kernels work
STEPS = range(2, 9)
GAP = 0.3  # how far apart right and wrong values may be, relative to their size
SHIFTS = (1, -1, 2, -2)

Places = Callable[[int], Array]  # the length of an axis → for each of its places, whether it is meant
Test = Callable[[Array], Array]
SIGNS: tuple[tuple[str, Test], ...] = (
    ("< 0", lambda a: a < 0), ("> 0", lambda a: a > 0), ("≤ 0", lambda a: a <= 0), ("≥ 0", lambda a: a >= 0),
)  # fmt: skip
# What is compared with a threshold: text, function, and −1 if wrong elements lie below the threshold
KEYS: tuple[tuple[str, Test, int], ...] = (
    ("{}", lambda a: a, 1), ("{}", lambda a: -a, -1), ("|{}|", np.abs, 1), ("|{}|", lambda a: -np.abs(a), -1),
)  # fmt: skip


def orders(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The expected numbers are there, but in another order."""
    quantity, ranks = seen[0].name, {one.expected.ndim for one in seen}
    for i, j in combinations(range(min(ranks)), 2):
        what = f"has axes {i} and {j} exchanged"
        yield Claim("position", f"{quantity} {what}", partial(_is_order, move=partial(_exchanged, axes=(i, j))))
    for axis in _axes(ranks):
        yield Claim("position", f"{quantity} is flipped along {_name(axis, ranks)}", partial(_is_flipped, axes=(axis,)))
    if ranks <= {4, 5}:
        axes = tuple(range(2 - min(ranks), 0))
        text = f"{quantity} is flipped along its last {len(axes)} axes"
        yield Claim("position", text, partial(_is_flipped, axes=axes))
    for axis in _axes(ranks):
        for n in SHIFTS:
            end = "end" if n > 0 else "start"
            text = f"{quantity} is shifted by {abs(n)} along {_name(axis, ranks)}, towards its {end}"
            rolled = f"{text}; what leaves it comes in at the other end"
            yield Claim("position", rolled, partial(_is_order, move=partial(_rolled, axis=axis, n=n)))
            yield Claim("position", text, partial(_is_shifted, axis=axis, n=n))
    if len(ranks) == 1 and max(ranks) <= 5:
        for axes in permutations(range(max(ranks))):
            order = ", ".join(map(str, axes))
            text = f"{quantity} is computed with its axes in the order {order}, then reshaped; it must be transposed"
            yield Claim("position", text, partial(_is_order, move=partial(_reshaped, axes=axes)))
    yield Claim("position", f"{quantity} has the right numbers in another order", _is_any_order)


def terms(seen: Sequence[Observation]) -> Iterator[Claim]:
    """Wrong exactly where an element is a sum of more terms than others, or of fewer."""
    if not SUMS.match(seen[0].op.name):
        return
    quantity, suffix = seen[0].name, in_common(seen)
    for text, test in (
        ("more terms are added than elsewhere: where windows overlap", lambda n: n > n.min()),
        ("fewer terms are added than elsewhere: at borders, or where windows do not overlap", lambda n: n < n.max()),
    ):
        what = f"{quantity} is wrong exactly where {text}{suffix}"
        yield Claim("position", what, partial(_is_wrong_by_terms, test=test))


def _is_wrong_by_terms(one: Observation, test: Test) -> bool | None:
    ones = {n: None if a is None else np.ones_like(a) for n, a in one.case.arrays.items()}
    try:
        number = outputs_of(one.op, replace(one.case, arrays=ones, dy=np.ones_like(one.case.dy)))[one.quantity]
    except Rejection:
        return False
    if number is None or not number.size or not np.isfinite(number).all():
        return False
    region = test(np.round(number, 9))  # of an interpolation, these are sums of rounded weights
    if (region != one.wrong).any():
        return False
    return None if region.all() or not region.any() else True


def steps(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The first steps of an optimiser are right."""
    if seen[0].op.kind == "step" and (n := int(seen[0].quantity[1:])) > 1:
        first = "the first step is" if n == 2 else f"the first {n - 1} steps are"
        yield Claim("position", f"{first} right, and w is wrong from step {n} on", _is_wrong_from_this_step)


def _is_wrong_from_this_step(one: Observation) -> bool:
    n = int(one.quantity[1:])
    every = [Observation(one.op, one.case, one.outputs, f"w{i + 1}") for i in range(len(one.outputs))]
    return [bool(step.wrong.any()) for step in every] == [i >= n for i in range(1, len(every) + 1)]


def places(seen: Sequence[Observation]) -> Iterator[Claim]:
    """Only some places of an axis are wrong."""
    quantity, ranks, suffix = seen[0].name, {one.expected.ndim for one in seen}, in_common(seen)
    if any("groups" in one.case.keywords for one in seen):
        yield Claim("position", f"{quantity} is right only in the first group", _is_right_in_the_first_group)
    for axis in _axes(ranks):
        for text, where in _regions(seen, axis):
            what = f"{quantity} is wrong only {text} along {_name(axis, ranks)}"
            yield Claim("position", f"{what}{suffix}", partial(_is_wrong_only_in, axis=axis, where=where))
    if min(ranks) > 2:
        yield Claim("position", f"{quantity} is wrong only at its borders{suffix}", _is_wrong_at_borders)


def _regions(seen: Sequence[Observation], axis: int) -> Iterator[tuple[str, Places]]:
    yield "in the first element", partial(_between, start=0, stop=1)
    yield "in the last element", partial(_between, start=-1)
    yield "in the first and last elements", _ends
    for k in _starts(seen, axis):
        yield f"from element {k} on", partial(_between, start=k)
        yield f"before element {k}", partial(_between, start=0, stop=k)
        yield f"in element {k}", partial(_between, start=k, stop=k + 1)
    for k in STEPS:
        for first in range(k):
            yield f"in every {_ordinal(k)} element, from {first} on,", partial(_every, k=k, first=first)
    for size in BLOCKS:
        yield f"in the remainder after blocks of {size}", partial(_remainder, size=size)
    for k in (2, 3, 4):
        yield f"in the last {k} elements", partial(_between, start=-k)


def _between(n: int, start: int, stop: int | None = None) -> Array:
    places = np.zeros(n, bool)
    places[start:stop] = True
    return places


def _ends(n: int) -> Array:
    return np.isin(np.arange(n), (0, n - 1))


def _every(n: int, k: int, first: int) -> Array:
    return np.asarray(np.arange(n) % k == first)


def _remainder(n: int, size: int) -> Array:
    return np.arange(n) >= n - n % size


def _starts(seen: Sequence[Observation], axis: int) -> list[int]:
    """The places with which wrong lines begin or end, in axes of several lengths; not the first place."""
    found: dict[int, set[int]] = {}
    for one in seen:
        lines = np.flatnonzero(_lines(one.wrong, axis))
        for place in {int(lines[0]), int(lines[-1]) + 1} if lines.size else ():
            found.setdefault(place, set()).add(one.wrong.shape[axis])
    return sorted(place for place, lengths in found.items() if place and len(lengths) >= LEAST)


def _is_wrong_only_in(one: Observation, axis: int, where: Places) -> bool | None:
    """Whether exactly these lines have wrong elements."""
    if not _has_axis(one.wrong, axis):
        return False
    lines = _lines(one.wrong, axis)
    region = where(len(lines))
    if (lines & ~region).any():
        return False
    if not region.any() or region.all():
        return None
    return True if (lines == region).all() else None  # a line may be right by chance


def _is_wrong_at_borders(one: Observation) -> bool | None:
    if one.wrong.ndim < 3:
        return False
    inner = one.wrong[(slice(None), slice(None), *(slice(1, -1),) * (one.wrong.ndim - 2))]
    if inner.any():
        return False
    return True if inner.size else None


def _is_right_in_the_first_group(one: Observation) -> bool | None:
    groups = one.case.keywords.get("groups", 1)
    w = one.case.arrays.get("w")
    axis = 0 if one.wrong.ndim == 1 or (one.quantity == "dw" and w is not None) else 1
    if groups < 2:
        return False
    if one.wrong.ndim <= axis or one.wrong.shape[axis] % groups:
        return False
    first, *others = (bool(part.any()) for part in np.split(one.wrong, groups, axis))
    return not first and all(others)


def inputs(seen: Sequence[Observation]) -> Iterator[Claim]:
    """Wrong exactly where an input of the same shape has some values: zero, or beyond a threshold."""
    quantity, suffix = seen[0].name, in_common(seen)
    for name in _same_shape(seen):
        where = f"{quantity} is wrong exactly where"
        zero = partial(_is_separated, name=name, test=lambda a: a == 0)
        yield Claim("special value", f"{where} {name} = 0{suffix}", zero)
        for text, test in SIGNS:
            yield Claim("position", f"{where} {name} {text}{suffix}", partial(_is_separated, name=name, test=test))
        for text, key, sense in KEYS:
            if limits := _threshold(seen, name, key):
                size = f"{'>' if sense > 0 else '<'} about {sense * _short(*limits):g}".replace("-", "−")
                beyond = partial(_is_beyond, name=name, key=key, limits=limits)
                yield Claim("position", f"{where} {text.format(name)} {size}{suffix}", beyond)


def _same_shape(seen: Sequence[Observation]) -> list[str]:
    """The arrays that have the shape of the output on every call."""
    names = [*seen[0].case.arrays, *(n for n, v in seen[0].case.keywords.items() if isinstance(v, np.ndarray)), "dy"]
    return [
        n for n in names if all((a := _array(one, n)) is not None and a.shape == one.expected.shape for one in seen)
    ]


def _array(one: Observation, name: str) -> Array | None:
    if name == "dy":
        return one.case.dy if one.quantity.startswith("d") else None
    found = one.case.arrays.get(name, one.case.keywords.get(name))
    return found if isinstance(found, np.ndarray) else None


def _is_separated(one: Observation, name: str, test: Test) -> bool | None:
    a = _array(one, name)
    if a is None or a.shape != one.wrong.shape:
        return False
    region = test(a.astype(np.float64))
    if (region != one.wrong).any():
        return False
    return None if region.all() or not region.any() else True


def _threshold(seen: Sequence[Observation], name: str, key: Test) -> tuple[float, float] | None:
    """The largest value with a right element, and the least with a wrong one, if they are near each other."""
    pairs = [_ends_of(one, name, key) for one in seen]
    low, high = max(right for right, _ in pairs), min(wrong for _, wrong in pairs)
    near = low < high <= low + GAP * max(abs(low), abs(high), 1.0)
    return (low, high) if near and np.isfinite([low, high]).all() else None


def _ends_of(one: Observation, name: str, key: Test) -> tuple[float, float]:
    """The largest value with a right element of one call, and the least with a wrong one."""
    a = _array(one, name)
    assert a is not None
    values = key(a.astype(np.float64))
    return float(values[~one.wrong].max(initial=-np.inf)), float(values[one.wrong].min(initial=np.inf))


def _short(low: float, high: float) -> float:
    """A number between the two with few digits."""
    middle = (low + high) / 2
    return next((v for digits in range(1, 12) if low <= (v := float(f"{middle:.{digits}g}")) <= high), middle)


def _is_beyond(one: Observation, name: str, key: Test, limits: tuple[float, float]) -> bool | None:
    """Whether wrong elements lie above the threshold, which is between the limits, and right elements below it."""
    a = _array(one, name)
    if a is None or a.shape != one.wrong.shape:
        return False
    right, wrong = _ends_of(one, name, key)
    if not (right < wrong and right < limits[1] and wrong > limits[0]):
        return False
    return True if np.isfinite([right, wrong]).all() else None


def in_common(seen: Sequence[Observation]) -> str:
    """What the wrong elements have in common on all calls, as the end of a sentence; "" if nothing."""
    pairs = [(one.output[one.wrong], one.expected[one.wrong]) for one in seen if one.wrong.any()]
    got, wanted = (np.concatenate(parts) for parts in zip(*pairs, strict=True))
    if np.isnan(got).all():
        return f"; {seen[0].name} is nan there"
    if not np.isfinite(got).all():
        return ""
    if (got == got[0]).all() and got.size > 1:
        return f"; {seen[0].name} is {got[0] + 0.0:g} there".replace("-", "−")
    if (wanted == 0).any() or not np.isfinite(wanted).all():
        return ""
    c = got / wanted
    if np.ptp(c) <= NEARLY * abs(c[0]):
        is_negated = abs(c[0] + 1) <= NEARLY
        number = f"{c[0]:.6g}".replace("-", "−")
        return "; it has the wrong sign there" if is_negated else f"; there it is {number} times what it should be"
    return ""


def _is_order(one: Observation, move: Callable[[Array], Array | None]) -> bool:
    """Whether the output is the expected array, moved."""
    moved = move(one.expected)
    return moved is not None and moved.shape == one.output.shape and one.is_given_by(moved, move(one.bound))


def _exchanged(a: Array, axes: tuple[int, int]) -> Array | None:
    i, j = axes
    return np.swapaxes(a, i, j) if a.ndim > max(axes) and a.shape[i] == a.shape[j] else None


def _reshaped(a: Array, axes: tuple[int, ...]) -> Array | None:
    return a.transpose(axes).reshape(a.shape) if a.ndim == len(axes) else None


def _rolled(a: Array, axis: int, n: int) -> Array | None:
    return np.roll(a, n, axis) if _has_axis(a, axis) else None


def _is_flipped(one: Observation, axes: tuple[int, ...]) -> bool | None:
    """With two places, a flip is also a shift, so that only a longer axis shows it."""
    answer = _is_order(one, lambda a: np.flip(a, axes) if all(_has_axis(a, axis) for axis in axes) else None)
    return answer and (max(one.expected.shape[axis] for axis in axes) > 2 or None)


def _is_shifted(one: Observation, axis: int, n: int) -> bool | None:
    """The new elements at the end may have any value."""
    if not _has_axis(one.expected, axis) or not one.finite:
        return False
    length = one.expected.shape[axis]
    if length <= abs(n) + 1:
        return None
    kept, come = (slice(max(n, 0), length + min(n, 0)), slice(max(-n, 0), length + min(-n, 0)))
    output, expected, bound = (np.moveaxis(a, axis, 0) for a in (one.output, one.expected, one.bound))
    if not (np.abs(output[kept] - expected[come]) <= bound[come]).all():
        return False
    return True if (output[kept] != expected[kept]).any() else None


def _is_any_order(one: Observation) -> bool | None:
    if not one.finite or one.expected.size < 3 or not one.wrong.any():
        return False
    left = np.abs(np.sort(one.output, axis=None) - np.sort(one.expected, axis=None)).max()
    return bool(left <= one.bound.max() and left <= UNEXPLAINED * one.error[one.wrong].min())


def _axes(ranks: set[int]) -> list[int]:
    """The axes that all outputs have, counted from the end; the last one first. Axis 0 too, if they differ in rank."""
    return [-1 - i for i in range(min(ranks))] + [0] * (len(ranks) > 1 <= min(ranks))


def _has_axis(a: Array, axis: int) -> bool:
    return -a.ndim <= axis < a.ndim


def _name(axis: int, ranks: set[int]) -> str:
    """The axis, counted from the start if all outputs have as many axes."""
    if len(ranks) == 1:
        return f"axis {axis % max(ranks)}"
    return {-1: "the last axis", 0: "axis 0"}.get(axis, f"axis −{-axis}")


def _lines(wrong: Array, axis: int) -> Array:
    """For each place along an axis, whether any element is wrong there."""
    axis %= wrong.ndim
    return np.asarray(wrong.any(tuple(i for i in range(wrong.ndim) if i != axis)))


def _ordinal(n: int) -> str:
    return {2: "2nd", 3: "3rd"}.get(n, f"{n}th")
