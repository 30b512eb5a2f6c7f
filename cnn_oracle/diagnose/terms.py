"""The form of wrong numbers: another array, the right ones times a number for each row, or an error with a form."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations, combinations_with_replacement

import numpy as np

from cnn_oracle.diagnose.claims import Claim
from cnn_oracle.diagnose.evidence import Observation
from cnn_oracle.diagnose.ratios import along, arrays
from cnn_oracle.manual._typing import Array

Axes = Callable[[Observation], tuple[int, ...]]

SPARE = 2  # an error has a form only if each group has at least 2 elements more than the form has numbers


def other_arrays(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output is an input, or a product of two."""
    quantity, names = seen[0].quantity, sorted(arrays(seen[0]), key=lambda name: (name != "dy", name != "y"))
    for few in (*((name,) for name in names), *combinations_with_replacement(names, 2)):
        for sign, minus in ((1, ""), (-1, "−")):
            text = f"{quantity} is not updated" if few == (quantity,) else f"{quantity} is {minus}{'·'.join(few)}"
            yield Claim("ratio", text, partial(_is_product, names=few, sign=sign))


def _is_product(one: Observation, names: tuple[str, ...], sign: int) -> bool | None:
    wanted = np.full(one.expected.shape, float(sign))
    for name in names:
        wide = _wide(one, name)
        if wide is None:
            return False
        wanted = wanted * wide
    return one.finite and one.is_given_by(wanted) and (bool(one.output.any()) or None)


def scaled_rows(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output is the expected one times a number, which is the same along some axes."""
    quantity = seen[0].name
    for text, axes in _groups(seen):
        if text in ("axis 0", "axis 1"):  # too weak: windows of one size have this, for example
            continue
        if text:
            cut = f"{quantity} is 0 in whole slices along {text}, and right in the others"
            yield Claim("position", cut, partial(_is_cut_along, axes=axes))
        what = f"each slice of {quantity} along {text} is off by a factor of its own"
        what = what if text else f"{quantity} is off by a factor that differs from call to call"
        yield Claim("ratio", what, partial(_is_scaled_along, axes=axes))


def _is_scaled_along(one: Observation, axes: Axes) -> bool | None:
    fit = _fitted(one.output, [one.expected], axes(one)) if one.finite else one.output
    return None if fit is None else one.finite and one.is_given_by(fit)


def _is_cut_along(one: Observation, axes: Axes) -> bool:
    along_these = tuple(axis % max(one.wrong.ndim, 1) for axis in axes(one))
    if not one.finite or not along_these or max(along_these) >= one.wrong.ndim:
        return False
    zero, right = (~one.output.astype(bool)).all(along_these), (~one.wrong).all(along_these)
    return bool((zero | right).all() and (right & ~zero).any())


def error_forms(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The error is a combination of few arrays, with numbers that are the same along some axes."""
    quantity = seen[0].name
    names = [n for n in sorted(arrays(seen[0]), key=lambda name: (name != "dy", name != "y")) if n != quantity]
    forms: list[tuple[str, tuple[str, ...]]] = [("c", ("",)), *((f"c·{name}", (name,)) for name in names)]
    forms += [(f"a + c·{name}", ("", name)) for name in names]
    forms += [(f"a·{name} + c·{other}", (name, other)) for name, other in combinations(names, 2)]
    for form, basis in forms:
        for text, axes in _groups(seen):
            if text in ("axis 0", "axis 1") and basis == ("",):
                continue
            same = f"for each slice along {text}" if text else "for each call"
            numbers = "one c" if len(basis) == 1 else "one a and one c"
            what = f"the error of {quantity} is {form}, with {numbers} {same}"
            yield Claim("ratio", what, partial(_is_error_of, basis=basis, axes=axes))


def _is_error_of(one: Observation, basis: tuple[str, ...], axes: Axes) -> bool | None:
    wide = [np.ones(one.expected.shape) if name == "" else _wide(one, name) for name in basis]
    if not one.finite or any(a is None for a in wide):
        return False
    fit = _fitted(one.output - one.expected, [a for a in wide if a is not None], axes(one))
    return None if fit is None else one.is_given_by(one.expected + fit)


def _groups(seen: Sequence[Observation]) -> Iterator[tuple[str, Axes]]:
    """Sets of axes along which a number may be the same: all, those that an option names, some at the end, one."""
    least = min(one.expected.ndim for one in seen)
    yield "", lambda one: tuple(range(one.expected.ndim))
    if "dim" in seen[0].op.options:
        yield "dim", _dim
    if "normalized_shape" in seen[0].op.options:
        yield "the normalized axes", lambda one: tuple(range(-len(one.case.keywords["normalized_shape"]), 0))
    if least > 2:
        yield "all axes but axis 1", lambda one: (0, *range(2, one.expected.ndim))
        yield "all axes after axis 1", lambda one: tuple(range(2, one.expected.ndim))
        yield "all axes after axis 0", lambda one: tuple(range(1, one.expected.ndim))
    if least > 1:
        yield "the last axis", lambda _: (-1,)
        yield "axis 0", lambda _: (0,)
        yield "axis 1", lambda _: (1,)


def _dim(one: Observation) -> tuple[int, ...]:
    return (one.case.keywords.get("dim", -1),) if one.expected.ndim else ()


def _fitted(a: Array, basis: list[Array], axes: tuple[int, ...]) -> Array | None:
    """The nearest combination of the basis, with other numbers for each group of elements. None for small groups."""
    if not a.size or not all(-a.ndim <= axis < a.ndim for axis in axes):
        return None
    kept = [i for i in range(a.ndim) if i not in {axis % a.ndim for axis in axes}]
    moved = [np.moveaxis(b, kept, range(len(kept))) for b in (a, *basis)]
    groups = int(np.prod(moved[0].shape[: len(kept)]))
    if a.size < groups * (len(basis) + SPARE):
        return None
    rows, *columns = (b.reshape(groups, -1) for b in moved)
    matrix = np.stack(columns, -1)
    fit = matrix @ (np.linalg.pinv(matrix) @ rows[..., None])
    return np.asarray(np.moveaxis(fit.reshape(moved[0].shape), range(len(kept)), kept))


def _wide(one: Observation, name: str) -> Array | None:
    a = arrays(one).get(name)
    return None if a is None or not np.isfinite(a).all() else along(a, one.expected.shape)
