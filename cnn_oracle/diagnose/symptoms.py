"""What wrong numbers have in common if no known mistake gives the same numbers: a ratio, a flip, a place.

A pattern is a function (output, expected, wrong, case) → a phrase about the output, or None. ``wrong`` marks the
elements that differ by more than rounding. The first pattern that fits is reported.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from cnn_oracle.cases.case import Case, replace
from cnn_oracle.cases.expected import reference_forward, reference_gradients
from cnn_oracle.compare.bounds.common import present
from cnn_oracle.compare.compare import tolerance
from cnn_oracle.diagnose import precision
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, show
from cnn_oracle.run.subject import backward, forward
from cnn_oracle.subject import Subject

Pattern = Callable[[Array, Array, Array, Case], str | None]

LARGEST = 64  # the largest number of basis vectors: only small geometries are tried
DENOMINATOR = 1000  # the largest denominator of a ratio, such as 1/N or P Q of the drawn sizes


def pattern(op: Op, failures: list[Failure]) -> str | None:
    """What the wrong numbers of most of these failing calls have in common, described on the largest call."""
    largest = sorted(failures, key=lambda one: one.case.expected[one.quantity].size, reverse=True)
    for one in PATTERNS:
        text = [symptom for failure in largest if (symptom := _symptom_of(one, op, failure))]
        if 2 * len(text) > len(failures):
            return text[0]
    return None


def _symptom_of(one: Pattern, op: Op, failure: Failure) -> str | None:
    case, quantity = failure.case, failure.quantity
    output, expected = (failure.outputs or {}).get(quantity), case.expected.get(quantity)
    if output is None or expected is None or output.shape != expected.shape:
        return None
    if not (np.isfinite(output).all() and np.isfinite(expected).all()):
        return None
    bounds = tolerance(op, case)
    allowed = np.zeros(expected.shape) if bounds is None else np.broadcast_to(present(bounds[quantity]), expected.shape)
    text = one(output, expected, np.abs(output - expected) > allowed, case)
    return f"{quantity} {text}" if text else None


def constant_ratio(a: Array, t: Array, wrong: Array, case: Case) -> str | None:
    """Every element is c times the expected value, except for the rounding of both."""
    if a.size < 2 or not t.any():
        return None
    at = np.unravel_index(np.argmax(np.abs(t)), t.shape)
    c = Fraction(float(a[at]) / float(t[at])).limit_denominator(DENOMINATOR)
    rounding = np.finfo(case.dtype).eps * a.size * np.abs(t).max()  # of a sum of a.size numbers as large as the largest
    if not c or c == 1 or np.count_nonzero(t) < 2 or np.any(np.abs(a - float(c) * t) > float(abs(c)) * rounding):
        return None
    return "has the wrong sign" if c == -1 else f"is {c} times what it should be"


def exchanged(a: Array, t: Array, wrong: Array, case: Case) -> str | None:
    for i in range(t.ndim):
        for j in range(i + 1, t.ndim):
            if t.shape[i] == t.shape[j] > 1 and _is(a, np.swapaxes(t, i, j)):
                return f"has axes {i} and {j} exchanged"
    return None


def flipped(a: Array, t: Array, wrong: Array, case: Case) -> str | None:
    spatial = tuple(range(2, t.ndim))
    for axes in (*((axis,) for axis in range(t.ndim)), spatial):
        if axes and max(t.shape[axis] for axis in axes) > 1 and _is(a, np.flip(t, axes)):
            return f"is flipped along {'axes' if axes[1:] else 'axis'} {', '.join(map(str, axes))}"
    return None


def shifted(a: Array, t: Array, wrong: Array, case: Case) -> str | None:
    """Shifted by one element along an axis. The new element at the end may have any value."""
    for axis in range(t.ndim):
        if t.shape[axis] > 2:
            ahead, behind = (np.take(t, range(*cut), axis) for cut in ((1, t.shape[axis]), (t.shape[axis] - 1,)))
            inner = (np.take(a, range(*cut), axis) for cut in ((t.shape[axis] - 1,), (1, t.shape[axis])))
            if any(_is(part, whole) for part, whole in zip(inner, (ahead, behind), strict=True)):
                return f"is shifted by one along axis {axis}"
    return None


def one_group(a: Array, t: Array, wrong: Array, case: Case) -> str | None:
    groups, axis = case.call.arguments.get("groups", 1), 0 if "w" in case.arrays and a.shape == _shape(case, "w") else 1
    if groups < 2 or t.ndim < 2 or t.shape[axis] % groups:
        return None
    parts = [bool(part.any()) for part in np.split(wrong, groups, axis)]
    right = [g for g, bad in enumerate(parts) if not bad]
    if not right:
        return None
    return "is right only in the first group" if right == [0] else f"is right in {len(right)} of {groups} groups"


def borders(a: Array, t: Array, wrong: Array, case: Case) -> str | None:
    """Wrong only in the first or last elements of the spatial axes."""
    for axis in range(2, t.ndim):
        lines = _lines(wrong, axis)
        if len(lines) > 2 and lines.any() and not lines[1:-1].any():
            ends = [name for name, bad in (("first", lines[0]), ("last", lines[-1])) if bad]
            return f"is wrong only in the {' and '.join(ends)} elements along axis {axis}"
    inner = wrong[tuple(slice(None) if axis < 2 else slice(1, -1) for axis in range(t.ndim))]
    return "is wrong only at its borders" if t.ndim > 3 and inner.size and not inner.any() else None


def every_nth(a: Array, t: Array, wrong: Array, case: Case) -> str | None:
    for axis in range(t.ndim):
        places = np.flatnonzero(_lines(wrong, axis))
        if t.shape[axis] < 3 or not len(places) or len(places) == t.shape[axis]:
            continue
        steps = set(np.diff(places).tolist())
        if len(places) > 1 and len(steps) == 1 and (n := steps.pop()) > 1:
            return f"is wrong only in each {n}{_ordinal(n)} element along axis {axis}, from {places[0]} on"
        if len(places) == 1:
            return f"is wrong only at {places[0]} of axis {axis}"
    return None


PATTERNS: tuple[Pattern, ...] = (constant_ratio, exchanged, flipped, shifted, one_group, borders, every_nth)


def wrong_dependency(subject: Subject, op: Op, failure: Failure) -> str | None:
    """Which elements a wrong element of a multilinear op depends on, and which it should depend on.

    y is tested with basis vectors of x, and a gradient with basis vectors of dy. The result is a sentence such as
    ``y[0,1] reads x[1,2]; it should read x[0,1]``.
    """
    case, quantity, index = failure.case, failure.quantity, failure.index
    name = "x" if quantity == "y" else "dy"
    if index is None or not precision.probeable(op) or name not in ("dy", *case.arrays):
        return None
    a = case.dy if name == "dy" else case.as_float64(name)
    if a.size > LARGEST:
        return None
    ours, torchs = _sides(subject)
    if offset := float(ours(case, name, quantity, np.zeros(a.shape))[index]):
        return f"{quantity}{_place(index)} is {offset:g} where {name} is zero"
    own, theirs = (
        {i: side(case, name, quantity, _unit(a, i))[index] for i in np.ndindex(a.shape)} for side in (ours, torchs)
    )
    wrongly, missed = [i for i in own if own[i] and not theirs[i]], [i for i in own if theirs[i] and not own[i]]
    here = f"{quantity}{_place(index)}"
    if wrongly and missed:
        return f"{here} reads {name}{_place(wrongly[0])}; it should read {name}{_place(missed[0])}"
    if wrongly:
        return f"{here} reads {name}{_place(wrongly[0])}, which it should not"
    if missed:
        return f"{here} does not read {name}{_place(missed[0])}"
    unlike = next((i for i in own if own[i] != theirs[i]), None)
    if unlike is None:
        return None
    weights = show(own[unlike], theirs[unlike]), show(theirs[unlike], own[unlike])
    return f"{here} reads {name}{_place(unlike)} times {weights[0]}; it should be times {weights[1]}"


def _sides(subject: Subject) -> Iterator[Callable[[Case, str, str, Array], Array]]:
    """Two functions, for the subject and for PyTorch: a quantity with one array replaced and with a bias of zero."""

    def given(case: Case, name: str, e: Array) -> Case:
        arrays = {n: None if a is None else np.zeros_like(a) if n == "b" else a for n, a in case.arrays.items()}
        if name == "dy":
            return replace(case, arrays=arrays, dy=e.astype(case.dtype))
        return replace(case, arrays=arrays | {name: e.astype(case.dtype)})

    def own(case: Case, name: str, quantity: str, e: Array) -> Array:
        moved = given(case, name, e)
        return present((forward(subject, moved) if quantity == "y" else backward(subject, moved))[quantity])

    def theirs(case: Case, name: str, quantity: str, e: Array) -> Array:
        moved = given(case, name, e)
        if quantity == "y":
            return reference_forward(case.call, moved.arrays, case.keywords)
        return present(reference_gradients(case.call, moved.arrays, case.keywords, moved.dy)[quantity])

    yield own
    yield theirs


def _unit(a: Array, index: tuple[int, ...]) -> Array:
    e = np.zeros(a.shape)
    e[index] = 1
    return e


def _is(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool((a == b).all())


def _lines(wrong: Array, axis: int) -> Array:
    """For each index along an axis, whether any element is wrong there."""
    return np.asarray(wrong.any(tuple(i for i in range(wrong.ndim) if i != axis)))


def _shape(case: Case, name: str) -> tuple[int, ...]:
    return present(case.arrays[name]).shape


def _ordinal(n: int) -> str:
    return {2: "nd", 3: "rd"}.get(n, "th")  # of 2 … 20


def _place(index: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, index))}]"
