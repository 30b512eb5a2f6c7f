"""Helpers for several families: shapes of any rank, and options with one int or one per axis."""

from collections.abc import Iterable
from typing import Any

from cnn_oracle.op import Choose


def any_shape(choose: Choose, most: int) -> tuple[int, ...]:
    """A shape of up to ``most`` axes. It may be a scalar, and axes may be empty."""
    return shape_of_rank(choose, choose("rank", range(most + 1)))


def leading_axes(choose: Choose) -> tuple[int, ...]:
    """Zero to two leading axes, none of them empty."""
    return tuple(choose("size", (1, 2, 3)) for _ in range(choose("rank", (0, 1, 2))))


def shape_of_rank(choose: Choose, rank: int) -> tuple[int, ...]:
    """A shape of ``rank`` axes, which may be empty."""
    return tuple(choose("size", (1, 2, 3, 5), (0,)) for _ in range(rank))


def one_or_per_axis(values: Iterable[int]) -> Any:
    """One int if all axes have the same value, else one per axis."""
    ints = tuple(values)
    return ints[0] if len(set(ints)) == 1 else ints
