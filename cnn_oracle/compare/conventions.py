"""Conventions: gradients at a tie, at a nondifferentiable point, and at NaN, where more than one choice is valid.

At a tie or a nondifferentiable point, a gradient is another valid choice if it lies between PyTorch's gradients at
nearby points: each element does, and so does the sum of all elements. An element where PyTorch's gradient does not
jump is no choice. Where an argument is NaN, any gradient with respect to this element is a choice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Rejection, reference_gradients
from cnn_oracle.manual._typing import Array
from cnn_oracle.result import Failure

NEAR = 2.0**-30  # how far the nearby points are, relative to each element
ZERO = 2.0**-100  # how far they are from an element that is 0
LEAST = 2.0**-1074  # how far they are at least, from subnormal numbers
HUGE = 2.0**1000  # stands for ∞, which no step would move
MARGIN = 2.0**-20  # a gradient changes less over NEAR, relative to its element, unless it is steep or jumps
RANDOM = 12  # random directions, besides the fixed ones

TIE, AT_NAN = "a tie", "NaN"

_CHOICES: ContextVar[list[tuple[str, Failure]] | None] = ContextVar("choices", default=None)


@contextmanager
def collected(accepts: bool = True) -> Iterator[list[tuple[str, Failure]]]:
    """Let comparisons go on after another valid choice, so that they find what is wrong besides.

    Args:
        accepts: False for the project's own code, whose choices must be PyTorch's.

    Yields:
        The choices so far: what each is about, and the failure that the comparison would have raised.

    Example:
        >>> from cnn_oracle.compare.conventions import collected
        >>> with collected() as choices:
        ...     pass  # compare(…)
        >>> choices
        []
    """
    choices: list[tuple[str, Failure]] = []
    token = _CHOICES.set(choices if accepts else None)
    try:
        yield choices
    finally:
        _CHOICES.reset(token)


def is_collected(failure: Failure, wrong: Array) -> bool:
    """Whether wrong gradients are another valid choice, and choices are collected. Then this one now is.

    ``wrong`` says which elements are outside their bounds.
    """
    choices = _CHOICES.get()
    if choices is None or not (kind := choice(failure, wrong)):
        return False
    choices.append((kind, failure))
    return True


def choice(failure: Failure, wrong: Array) -> str:
    """What wrong gradients are a choice about: "a tie", "NaN", or "" if they are wrong."""
    case, name = failure.case, failure.quantity[1:]
    if not failure.against_pytorch or failure.outputs is None or case is None or case.arrays.get(name) is None:
        return ""
    found, expected = failure.outputs.get(failure.quantity), case.expected.get(failure.quantity)
    if found is None or expected is None or found.shape != expected.shape:
        return ""
    free = _at_nan(case, name)
    wrong = wrong & ~free
    if not wrong.any():
        return AT_NAN
    with np.errstate(all="ignore"):
        return TIE if _is_choice(case, name, found.astype(float), wrong, ~free & np.isfinite(expected)) else ""


def _at_nan(case: Case, name: str) -> Array:
    """Where an argument is NaN: the array itself, or another one of its shape, such as the target of a loss."""
    of = case.arrays[name]
    assert of is not None
    alike = [np.isnan(a) for a in case.arrays.values() if a is not None and a.shape == of.shape and a.dtype.kind == "f"]
    return np.asarray(np.any(alike, axis=0))


class _Range(NamedTuple):
    """The smallest and the largest gradient at nearby points, for each element, and those of the sum."""

    low: Array
    high: Array
    least: float
    most: float

    @property
    def size(self) -> Array:
        return np.maximum(np.abs(self.low), np.abs(self.high))


def _is_choice(case: Case, name: str, found: Array, wrong: Array, usual: Array) -> bool:
    """Whether the gradient is another valid choice. ``usual`` elements are finite, and not free to be anything."""
    if (wrong & ~usual).any() or not np.isfinite(found[usual]).all():
        return False
    random = 0
    while True:
        near = _range(case, name, usual, random)
        if near is None:
            return False
        total, slack = float(found[usual].sum()), MARGIN * float(near.size[usual].sum())
        same_sum = near.least - slack <= total <= near.most + slack
        outside = wrong & ~_inside(found, near.low, near.high)
        if random or (same_sum and not outside.any()):  # the fixed directions are nearly always enough
            break
        random = RANDOM
    if not same_sum:
        return False
    for index in map(tuple, np.argwhere(outside)):
        _widen(near, case, name, index)
        if not _inside(found, near.low, near.high)[index]:
            return False
    return _jumps(case, name, near, usual, random, wrong)


def _inside(found: Array, low: Array, high: Array) -> Array:
    margin = MARGIN * np.maximum(np.abs(low), np.abs(high))
    return np.asarray((low - margin <= found) & (found <= high + margin))


def _jumps(case: Case, name: str, near: _Range, usual: Array, random: int, wrong: Array) -> bool:
    """Whether the gradient jumps at each wrong element: it changes as much over a step that is 1,024 times smaller.

    A steep but smooth gradient changes 1,024 times less.
    """
    change = near.high - near.low
    nearer = _range(case, name, usual, random, NEAR / 1024)
    if nearer is None or not (change > 16 * MARGIN * near.size)[wrong].all():
        return False
    for index in map(tuple, np.argwhere(wrong & (change > 2 * (nearer.high - nearer.low)))):
        _widen(nearer, case, name, index, NEAR / 1024)  # perhaps the change was seen along the element alone
        if not (nearer.high - nearer.low > change / 2)[index]:
            return False
    return bool((nearer.high - nearer.low > change / 2)[wrong].all())


def _range(case: Case, name: str, usual: Array, random: int, near: float = NEAR) -> _Range | None:
    """The range along some directions: up, down, rising, falling, random ones, and to the extremes of the sum.

    None if PyTorch rejects a point, which lies outside the domain.
    """
    size, shape = usual.size, usual.shape
    rising = np.linspace(-1, 1, size).reshape(shape) if size > 1 else np.ones(shape)
    rng = np.random.default_rng(0)
    fixed = (np.ones(shape), -np.ones(shape), rising, -rising)
    others = (rng.uniform(-1, 1, shape) for _ in range(random))
    try:
        found = [_gradient(case, name, direction, near) for direction in (*fixed, *others)]
        steeper = np.where(found[0] > found[1], 1.0, -1.0)
        found += [_gradient(case, name, direction, near) for direction in (steeper, -steeper)]
    except Rejection:
        return None
    sums = [float(gradient[usual].sum()) for gradient in found]
    return _Range(np.asarray(np.fmin.reduce(found)), np.asarray(np.fmax.reduce(found)), min(sums), max(sums))


def _widen(near: _Range, case: Case, name: str, index: tuple[int, ...], step: float = NEAR) -> None:
    """Widen the range of one element to what it is if it alone moves.

    A maximum of many windows may be chosen in some of them. The gradient is linear in dy, so the windows with positive
    dy and those with negative dy count separately.
    """
    direction = np.zeros(near.low.shape)
    direction[index] = 1
    parts = [
        [float(_gradient(case, name, sign * direction, step, dy)[index]) for sign in (1, -1)]
        for dy in (np.maximum(case.dy, 0), np.minimum(case.dy, 0))
    ]
    near.low[index] = min(sum(map(min, parts)), near.low[index])
    near.high[index] = max(sum(map(max, parts)), near.high[index])


def _gradient(case: Case, name: str, direction: Array, near: float, dy: Array | None = None) -> Array:
    """PyTorch's gradient where one array is moved a little along the direction."""
    a = case.as_float64(name)
    a = np.where(np.isinf(a), np.copysign(HUGE, a), a)
    arrays = {n: None if b is None else b.astype(np.float64) for n, b in case.arrays.items()}
    arrays[name] = a + direction * np.where(a == 0, ZERO * near / NEAR, np.maximum(near * np.abs(a), LEAST))
    quantity = f"d{name}"
    gradient = reference_gradients(case.call, arrays, case.keywords, case.dy if dy is None else dy)[quantity]
    assert gradient is not None
    return gradient
