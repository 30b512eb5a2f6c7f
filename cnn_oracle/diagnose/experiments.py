"""What a wrong output depends on: the subject runs again with other inputs.

A gradient must be linear in dy. An output must depend on the arrays on which PyTorch's depends, and on no others.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from cnn_oracle.cases.case import Case, replace
from cnn_oracle.cases.expected import Rejection
from cnn_oracle.diagnose.claims import Claim
from cnn_oracle.diagnose.evidence import Observation, error
from cnn_oracle.diagnose.variants import outputs_of
from cnn_oracle.manual._typing import Array
from cnn_oracle.result import Failure
from cnn_oracle.run.subject import backward, forward, steps
from cnn_oracle.subject import Subject

# Bytes of a number → a difference, relative to the largest element, that rounding may explain: about half the digits,
# because the other case has no bound of its own. They choose among sentences about an output that is known to be wrong.
SAME = {8: 1e-7, 4: 1e-3, 2: 3e-2}


def layouts(subject: Subject, seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output is right if the inputs are copied into C order."""
    every = {n for one in seen for n, a in _inputs(one.case).items() if not a.flags.c_contiguous}
    for names in [*((name,) for name in sorted(every)), tuple(sorted(every))]:
        if names:
            what = f"{seen[0].name} is right if {' and '.join(names)} {'is' if len(names) == 1 else 'are'} contiguous"
            yield Claim("layout", what, partial(_is_right_in_c_order, subject, names))


def _is_right_in_c_order(subject: Subject, names: Sequence[str], one: Observation) -> bool:
    def copied(name: str, a: Array) -> Array:
        return np.ascontiguousarray(a).reshape(a.shape) if name in names else a

    arrays = {n: None if a is None else copied(n, a) for n, a in one.case.arrays.items()}
    try:
        found = rerun(subject, one, replace(one.case, arrays=arrays, dy=copied("dy", one.case.dy)))
    except Failure:
        return False
    return bool((error(found, one.expected) <= one.bound).all())


def _inputs(case: Case) -> dict[str, Array]:
    return {n: a for n, a in (case.arrays | {"dy": case.dy}).items() if a is not None}


def nonlinear_in_dy(subject: Subject, seen: Sequence[Observation]) -> Iterator[Claim]:
    """The gradient is not linear in dy."""
    quantity = seen[0].name
    if seen[0].op.kind == "step" or not quantity.startswith("d"):
        return

    def claim(text: str, test: Callable[[Observation], bool | None]) -> Claim:
        return Claim("nonlinear in dy", text, partial(_unless_it_fails, test=test))

    def times(one: Observation, factor: float) -> Array:
        return _gradient(subject, one, one.case.dy * one.case.dy.dtype.type(factor))

    def is_independent(one: Observation) -> bool:
        other = _permuted(one.case.dy) * one.case.dy.dtype.type(-0.5)
        return _is_same(one, times(one, 2), one.output) and _is_same(one, _gradient(subject, one, other), one.output)

    def is_even(one: Observation) -> bool:
        return _is_same(one, times(one, -1), one.output) and not _is_same(one, one.output, 0 * one.output)

    def scales_by(one: Observation, power: int) -> bool:
        """Whether the gradient grows with a power of dy, from numbers around 1 on."""
        small = 2.0 ** -round(np.log2(max(np.abs(one.case.dy).max(initial=1e-9), 1e-9)))
        return all(_is_same(one, times(one, c), c**power * one.output) for c in (2.0, small))

    def is_nonlinear(one: Observation) -> bool | None:
        return not scales_by(one, 1) or not _is_same(one, times(one, -1), -one.output) or None

    yield claim(f"{quantity} does not depend on dy", is_independent)
    yield claim(f"{quantity} is the same for dy and 2·dy: only the signs of dy matter", partial(scales_by, power=0))
    yield claim(f"{quantity} is quadratic in dy: for 2·dy it is 4 times as large", partial(scales_by, power=2))
    yield claim(f"{quantity} is the same for dy and −dy: the sign of dy is lost", is_even)
    text = f"{quantity} is not linear in dy: it must double if dy doubles, and change its sign if dy does"
    yield claim(text, is_nonlinear)


def dependencies(subject: Subject, seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output does not depend on an array on which it must depend, or the reverse."""
    if seen[0].op.kind == "step":
        return
    quantity = seen[0].name
    names = [*seen[0].case.arrays, *["dy"] * quantity.startswith("d")]
    for name in names:
        text = f"{quantity} does not depend on {name}"
        yield Claim("reads another element", text, partial(_depends, subject, name=name, own=False))
    for name in names:
        text = f"{quantity} depends on {name}, which it must not"
        yield Claim("reads another element", text, partial(_depends, subject, name=name, own=True))


def options(subject: Subject, seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output does not depend on an option on which it must depend."""
    for name in seen[0].op.options:
        values = {repr(v): v for one in seen if isinstance(v := one.option(name), float | bool)}
        if len(values) > 1:
            test = partial(_ignores, subject, name=name, values=[*values.values()])
            yield Claim("reads another element", f"{seen[0].name} does not depend on {name}", test)


def _ignores(subject: Subject, one: Observation, name: str, values: Sequence[Any]) -> bool | None:
    """Whether the output is the same for all values of an option, and PyTorch's is not."""
    if not one.finite:
        return False
    differs = None
    for value in values:
        if value == one.option(name):
            continue
        changed = replace(one.case, keywords=one.case.keywords | {name: value})
        try:
            wanted, got = outputs_of(one.op, changed)[one.quantity], rerun(subject, one, changed)
        except (Failure, *Rejection):
            continue
        if not _is_same(one, got, one.output):
            return False
        if wanted is not None and not _is_same(one, wanted - one.start, one.expected):
            differs = True
    return differs


def _depends(subject: Subject, one: Observation, name: str, own: bool) -> bool | None:
    """Whether the subject's output changes with an array, and PyTorch's does not; or the reverse, unless ``own``."""
    changed = _changed(one.case, name)
    if changed is None or not one.finite:
        return None if one.finite else False
    try:
        wanted = outputs_of(one.op, changed)[one.quantity]
        got = rerun(subject, one, changed)
    except (Failure, *Rejection):
        return False
    if wanted is None:
        return False
    subjects, pytorchs = not _is_same(one, got, one.output), not _is_same(one, wanted, one.expected)
    return subjects == own and pytorchs != own


def _changed(case: Case, name: str) -> Case | None:
    """The case with the numbers of one array in another order, or halved if there are too few."""
    a = case.dy if name == "dy" else case.arrays.get(name)
    if a is None or not a.size:
        return None
    other = _permuted(a)
    if (other == a).mean() > 0.5:
        other = a * a.dtype.type(0.5)
    if (other == a).all():
        return None
    return replace(case, dy=other) if name == "dy" else replace(case, arrays=case.arrays | {name: other})


def _permuted(a: Array) -> Array:
    return np.random.default_rng(0).permutation(a.ravel()).reshape(a.shape)


def _gradient(subject: Subject, one: Observation, dy: Array) -> Array:
    return rerun(subject, one, replace(one.case, dy=dy))


def rerun(subject: Subject, one: Observation, case: Case) -> Array:
    """The output of an observation for another case of the same shapes, in float64.

    Raises:
        Failure: It is missing, or has another shape.
    """
    run = steps if one.op.kind == "step" else backward if one.quantity.startswith("d") else forward
    found = run(subject, case)[one.quantity]
    if found is None or found.shape != one.output.shape:
        raise Failure(f"{one.quantity} has another shape", case.call)
    return found.astype(np.float64) - one.start


def _is_same(one: Observation, a: Array, b: Array) -> bool:
    """Whether two arrays have one shape, and differ by no more than rounding."""
    if a.shape != b.shape:
        return False
    with np.errstate(invalid="ignore"):
        scale = max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0))
        return bool(
            np.array_equal(a, b, equal_nan=True) or (np.abs(a - b) <= SAME[one.case.dtype.itemsize] * scale).all()
        )


def _unless_it_fails(one: Observation, test: Callable[[Observation], bool | None]) -> bool | None:
    try:
        return test(one) if one.finite else False
    except Failure:
        return False
