"""Wrong numbers that are the right ones times a factor: a number, an expression in the sizes of the call, an array."""

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import combinations
from math import prod, sqrt
from typing import Any

import numpy as np

from cnn_oracle.diagnose.claims import Claim
from cnn_oracle.diagnose.evidence import NEARLY, Observation
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import PER_AXIS

DENOMINATOR = 100  # the largest denominator of a constant ratio
# The letters of the formulas, for ops whose x is (N, C, …)
LETTERS = {"x": ("NC", "NCL", "NCHW", "NCDHW"), "y": ("NC", "NOP", "NOPQ", "NOPQV")}
IMAGES = re.compile(
    "conv|.*pool|.*shuffle|pad$|interpolate|(batch|instance|group|local_response)_norm|dropout2d|prelu|nll_|cross_e"
)

Value = Callable[[Observation], float]
Size = Callable[[Observation], float]
Form = Callable[[float], float]
OF_SIZES: tuple[tuple[str, Form], ...] = (
    ("{0}", lambda s: s), ("1/{0}", lambda s: 1 / s), ("{0}/({1} − 1)", lambda s: s / (s - 1)),
    ("({1} − 1)/{0}", lambda s: (s - 1) / s), ("√{0}", sqrt), ("1/√{0}", lambda s: 1 / sqrt(s)),
    ("{0}²", lambda s: s * s), ("1/{0}²", lambda s: 1 / (s * s)),
)  # fmt: skip
OF_OPTIONS: tuple[tuple[str, Form], ...] = (
    ("{0}", lambda v: v), ("1/{0}", lambda v: 1 / v), ("(1 − {0})", lambda v: 1 - v),
    ("1/(1 − {0})", lambda v: 1 / (1 - v)), ("{0}²", lambda v: v * v), ("{0}/(1 − {0})", lambda v: v / (1 - v)),
    ("(1 − {0})/{0}", lambda v: (1 - v) / v),
)  # fmt: skip


def zeros(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output, or every gradient, is zero."""
    quantity = seen[0].name
    if quantity.startswith("d"):
        yield Claim("ratio", "every gradient is zero", _all_gradients_are_zero)
    yield Claim("ratio", f"{quantity} is zero everywhere", _is_zero)


def ratios(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output is the expected values times a number, an expression, or an array."""
    quantity = seen[0].name
    if (c := _constant(seen)) is not None:
        text = "has the wrong sign" if c == -1 else f"is {_number(c)} times what it should be"
        yield Claim("ratio", f"{quantity} {text}", partial(_is_scaled, value=partial(_same, c=float(c))))
    for text, meaning, value in _expressions(seen[0]):
        where = f", where {meaning}" if meaning else ""
        yield Claim("ratio", f"{quantity} is {text} times what it should be{where}", partial(_is_scaled, value=value))
    yield Claim("ratio", f"{quantity} is the absolute value of what it should be", _is_absolute)
    yield Claim("ratio", f"{quantity} is 0 where it should be negative, and right elsewhere", _is_clipped)
    for name in arrays(seen[0]):
        for power, text in ((1, f"has a factor {name} too many"), (-1, f"lacks the factor {name}")):
            yield Claim("ratio", f"{quantity} {text}", partial(_has_factor, name=name, power=power))


def _same(_: Observation, c: float) -> float:
    return c


def _is_zero(one: Observation) -> bool:
    return not one.output.any() and bool(one.expected.any())


def _all_gradients_are_zero(one: Observation) -> bool | None:
    every = {q: a for q, a in one.outputs.items() if q.startswith("d") and a is not None}
    if any(a.any() for a in every.values()):
        return False
    wanted = [q for q in every if (t := one.case.expected[q]) is not None and t.any()]
    return True if wanted else None


def _constant(seen: Sequence[Observation]) -> Fraction | float | None:
    """The ratio that all calls have, to within rounding; None if there is none."""
    c: Fraction | float
    found = [ratio for one in seen if (ratio := _ratio(one)) is not None]
    same = max(NEARLY, seen[0].slack) * abs(found[0] if found else 0)
    if not found or max(found) - min(found) > same:
        return None
    simple = Fraction(found[0]).limit_denominator(DENOMINATOR)
    c = simple if abs(float(simple) - found[0]) <= same else float(np.median(found))
    return None if c in (0, 1) else c


def _ratio(one: Observation) -> float | None:
    """Output / expected at the largest expected element."""
    if not one.finite or not one.expected.any():
        return None
    at = np.unravel_index(np.argmax(np.abs(one.expected)), one.expected.shape)
    return float(one.output[at] / one.expected[at])


def _is_scaled(one: Observation, value: Value) -> bool | None:
    """Whether the output is the expected one times the value. One element alone shows a ratio, but not which."""
    if not one.finite:
        return False
    try:
        c = value(one)
    except (KeyError, IndexError, ZeroDivisionError, TypeError, ValueError):  # the call has no such size
        return False
    if not one.is_given_by(c * one.expected, (1 + abs(c)) * one.bound):
        return False
    return None if c == 1 or not one.expected.any() else True


def _is_absolute(one: Observation) -> bool | None:
    if not one.finite or not one.is_given_by(np.abs(one.expected)):
        return False
    return bool((one.expected < 0).any()) or None


def _is_clipped(one: Observation) -> bool | None:
    if not one.finite or not one.is_given_by(np.maximum(one.expected, 0)):
        return False
    return bool((one.expected < 0).any() and (one.expected > 0).any()) or None


def _has_factor(one: Observation, name: str, power: int) -> bool | None:
    """Whether output = expected · array, or output · array = expected."""
    a = arrays(one).get(name)
    if not one.finite or a is None or not np.isfinite(a).all():
        return False
    wide = along(a, one.expected.shape)
    if wide is None:
        return False
    if power > 0:
        wanted, scale = one.expected * wide, np.abs(wide)
    else:
        scale = 1 / np.where(wide, np.abs(wide), 1)
        wanted = np.where(wide, one.expected / np.where(wide, wide, 1), one.output)
    if not one.is_given_by(wanted, (1 + scale) * one.bound) or ((wide == 0) & (one.expected != 0)).any():
        return False
    if name in one.case.keywords:  # a mask holds only 0 and 1
        return bool(one.expected.any()) or None
    return bool((one.expected[~np.isin(np.abs(wide), (0, 1))]).any()) or None


def arrays(one: Observation) -> dict[str, Array]:
    """The arrays of a call that may be a factor: arguments, floating options, dy and y, in float64."""
    every: dict[str, Any] = {**one.case.arrays, **one.case.keywords, "dy": one.case.dy, "y": one.case.expected.get("y")}
    if not one.quantity.startswith("d"):
        del every["dy"], every["y"]
    return {n: a.astype(np.float64) for n, a in every.items() if isinstance(a, np.ndarray) and a.dtype.kind in "fb"}


def along(a: Array, shape: tuple[int, ...]) -> Array | None:
    """The array, broadcast to the shape: as it is, or one number for each channel or row. None if it does not fit."""
    if a.ndim == 1 and len(shape) > 1 and len(a) > 1:
        for axis in (1, len(shape) - 1, 0):
            if shape[axis] == len(a):
                return np.broadcast_to(a.reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape)
    try:
        return np.broadcast_to(a, shape)
    except ValueError:
        return None


def _expressions(first: Observation) -> Iterator[tuple[str, str, Value]]:
    """Text, meaning and value of each expression: s, 1/s, s/(s − 1), √s … for sizes s; p, 1 − p … for options p."""
    names = _sizes(first)
    for sign, minus in ((1, ""), (-1, "−")):
        for name, (meaning, size) in names.items():
            for text, form in OF_SIZES:
                product = f"({name})" if "·" in name and text != "{0}" else name
                value = partial(_evaluated, size=size, form=form, sign=sign)
                yield minus + text.format(product, name), meaning, value
        for name in _factors(first):
            for text, form in OF_OPTIONS:
                value = partial(_evaluated, size=partial(_option, name=name), form=form, sign=sign)
                yield minus + text.format(name), "", value
    single = [(n, size) for n, (_, size) in names.items() if "·" not in n]
    for (n, size), (m, other) in combinations(single, 2):
        meaning = ", ".join(dict.fromkeys(filter(None, (names[n][0], names[m][0]))))
        yield f"{n}/{m}", meaning, partial(_quotient, top=size, bottom=other)
        yield f"{m}/{n}", meaning, partial(_quotient, top=other, bottom=size)


def _evaluated(one: Observation, size: Size, form: Form, sign: int) -> float:
    return sign * form(size(one))


def _quotient(one: Observation, top: Size, bottom: Size) -> float:
    return top(one) / bottom(one)


def _sizes(first: Observation) -> dict[str, tuple[str, Size]]:
    """The sizes of a call: a name → its meaning, and its value on any call. Single axes come first, then products."""
    found: dict[str, tuple[str, Size]] = {}
    shapes, keywords = _shapes(first), first.case.keywords
    for group in (_single, _several):
        for name, shape in shapes.items():
            for text, meaning, axes in group(first, name, len(shape)):
                found.setdefault(text, (meaning, partial(_size, name=name, axes=axes)))
    for option in [name for name in keywords if name in first.op.parameters]:  # momentum is no option of the op
        annotation = first.op.parameters[option].annotation
        if annotation in PER_AXIS:
            found.setdefault(f"prod({option})", ("", partial(_product_of, name=option)))
        elif isinstance(keywords[option], int) and not isinstance(keywords[option], bool):
            found.setdefault(option, ("", partial(_option, name=option)))
    return found


Axes = slice | tuple[int, ...]


def _single(one: Observation, name: str, rank: int) -> Iterator[tuple[str, str, Axes]]:
    letters = _letters(one, name, rank)
    if name == "x" and not letters and rank > 1:
        yield "N", "N = prod(x.shape[:-1])", slice(None, -1)
    for i in range(rank):
        place = f"{name}.shape[{i}]"
        yield (letters[i], f"{letters[i]} = {place}", (i,)) if letters else (place, "", (i,))
    if not letters and rank:
        yield f"{name}.shape[-1]", "", (-1,)


def _factors(first: Observation) -> list[str]:
    """The options that are floating numbers, and the members of betas."""
    found = [n for n, v in first.case.keywords.items() if isinstance(v, float)]
    return [*found, *(["betas[0]", "betas[1]"] if "betas" in first.op.options else [])]


def _several(one: Observation, name: str, rank: int) -> Iterator[tuple[str, str, Axes]]:
    """Groups of axes: all, all after the first or second, all but the last, and all but the second."""
    letters, every = _letters(one, name, rank), tuple(range(rank))
    groups: list[tuple[str, Axes, tuple[int, ...]]] = [(f"{name}.numel()", slice(None), every)]
    if rank > 2:
        groups += [
            (f"prod({name}.shape[2:])", slice(2, None), every[2:]),
            (f"({name}.numel()/{name}.shape[1])", (0, *every[2:]), (0, *every[2:])),
            (f"prod({name}.shape[1:])", slice(1, None), every[1:]),
            (f"prod({name}.shape[:-1])", slice(None, -1), every[:-1]),
        ]
    for text, axes, meant in groups:
        if letters and len(meant) > 1:
            meaning = ", ".join(f"{letters[i]} = {name}.shape[{i}]" for i in meant)
            yield "·".join(letters[i] for i in meant), meaning, axes
        else:
            yield text, "", axes


def _letters(one: Observation, name: str, rank: int) -> str:
    """The letters of the formulas for the axes of an array of images; "" for others."""
    known = LETTERS.get(name, ()) if IMAGES.match(one.op.name) else ()
    return known[rank - 2] if 2 <= rank < 2 + len(known) else ""


def _size(one: Observation, name: str, axes: Axes) -> float:
    """The product of some lengths."""
    shape = _shapes(one)[name]
    return float(prod(shape[axes] if isinstance(axes, slice) else (shape[i] for i in axes)))


def _option(one: Observation, name: str) -> float:
    if name.endswith("]"):  # betas[0]
        return float(one.option(name[:-3])[int(name[-2])])
    return float(one.option(name))


def _product_of(one: Observation, name: str) -> float:
    """The product of an option over the spatial axes."""
    v, rank = one.option(name), len(_shapes(one)["x"]) - 2
    return float(prod(v) if isinstance(v, tuple) else v**rank)


def _shapes(one: Observation) -> dict[str, tuple[int, ...]]:
    every = {n: a.shape for n, a in one.case.arrays.items() if a is not None}
    y = one.case.expected.get("y")
    return every | ({"y": y.shape} if y is not None else {})


def _number(c: Fraction | float) -> str:
    return str(c).replace("-", "−") if isinstance(c, Fraction) else f"{c:.6g}".replace("-", "−")
