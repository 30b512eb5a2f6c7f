"""The article's printed forms, and the theorem that each is right exactly on its domain.

The text of a domain is the docstring of its predicate. The search for the smallest counterexample tries all geometries
in order of size and does not use the predicate. The rows are in ``cnn_oracle.article.claims``.
"""

from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.manual._typing import Array

DRAWS = 8  # arrays drawn on each geometry

# The values of each letter of a domain.
LETTERS: dict[str, range] = {
    "n": range(1, 7), "f": range(1, 5), "p": range(3), "s": range(1, 4), "d": range(1, 3), "n_c": range(1, 3),
    "n_f": range(1, 4), "m": range(1, 5), "v": range(256), "z": range(750), "gap": range(60), "k": range(5),
    "beta_in_eighths": range(8), "first_gradient": range(3), "percent": range(0, 101, 25),
}  # fmt: skip


class Sides(NamedTuple):
    """Both results on one geometry; the printed form may fail. ``allowed``: the rounding, if bits cannot be equal."""

    printed: Callable[[], Any]
    general: Any
    allowed: float = 0.0


class NoGeometry(ValueError):
    """The general form has no value here, for example because it rejects its arguments. So nothing can be compared."""


class Counterexample(NamedTuple):
    geometry: dict[str, int]
    difference: str  # the result of the printed form there

    def __str__(self) -> str:
        return f"{_text(self.geometry)}: {self.difference}"


class Claim(NamedTuple):
    """A formula as printed: ``holds_when(**geometry)`` is its domain, ``sides(rng, **geometry)`` the results."""

    holds_when: Callable[..., bool]
    sides: Callable[..., Sides]

    @property
    def domain(self) -> str:
        """The domain as text: "p = 0", from the predicate's docstring "E9 holds when p = 0: …."."""
        return (self.holds_when.__doc__ or "").split(" holds when ", 1)[1].split(": ")[0].removesuffix(".")

    @property
    def right_on_its_example(self) -> bool:
        """Whether the printed form holds for the article's own example, the defaults of the predicate."""
        return self.holds_when()

    def geometries(self) -> Iterator[dict[str, int]]:
        """All geometries, in order of size (the sum of the letters)."""
        names = list(signature(self.holds_when).parameters)
        for values in sorted(product(*(LETTERS[name] for name in names)), key=sum):
            yield dict(zip(names, values, strict=True))


def differs(claim: Claim, geometry: Mapping[str, int]) -> str | None:
    """How the printed form differs from the general one on some draw of this geometry; None if it never differs.

    Raises:
        ValueError: this is not a valid geometry for the general form.
    """
    for seed in range(DRAWS):
        sides = claim.sides(np.random.default_rng(seed), **geometry)
        try:
            printed = np.asarray(sides.printed())
        except (ValueError, ZeroDivisionError) as error:
            return f"it cannot be computed ({str(error).rsplit(': ', 1)[-1]})"
        if difference := _difference(printed, np.asarray(sides.general), sides.allowed):
            return difference
    return None


def counterexample(claim: Claim) -> Counterexample | None:
    """The smallest geometry on which the printed form is wrong. The search does not use the predicate."""
    for geometry in claim.geometries():
        try:
            if difference := differs(claim, geometry):
                return Counterexample(geometry, difference)
        except ValueError:
            continue
    return None


def holds_exactly_on_its_domain(claim: Claim) -> None:
    """The theorem: on every geometry of the range, printed = general if and only if the predicate holds.

    Raises:
        AssertionError: they disagree on some geometry, or one of the two cases never occurs.
    """
    right = wrong = 0
    for geometry in claim.geometries():
        try:
            difference = differs(claim, geometry)
        except ValueError:
            continue
        if claim.holds_when(**geometry) is not (difference is None):
            raise AssertionError(f"holds when {claim.domain}; but {_text(geometry)}: {difference or 'it holds'}")
        right, wrong = right + (difference is None), wrong + (difference is not None)
    if not right or not wrong:
        raise AssertionError(f"holds when {claim.domain}: {right} geometries inside, {wrong} outside")


def status(claim: Claim, found: Counterexample | None) -> str:
    """The verdict on a printed form, with the counterexample from the search."""
    if found is None:
        return "holds"
    if claim.right_on_its_example:
        return f"holds when {claim.domain}; smallest counterexample {found}"
    return f"wrong as printed: smallest counterexample {found}; holds when {claim.domain}"


def _text(geometry: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in geometry.items())


def _difference(printed: Array, general: Array, allowed: float) -> str | None:
    if printed.shape != general.shape:
        return f"its shape is {printed.shape}, not {general.shape}"
    with np.errstate(invalid="ignore"):
        wrong = ~((printed == general) | (np.abs(printed - general) <= allowed)) if allowed else printed != general
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = list(index) if index else "it"
    return f"{place} is {_number(printed[index])}, not {_number(general[index])}"


def _number(value: Any) -> str:
    return "undefined" if np.isnan(value) else f"{value:.6g}"
