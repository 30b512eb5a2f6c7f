"""The blocks of an output: two of its axes as rows and columns, and one block for each index of the other axes."""

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from cnn_oracle.diagnosis import ErrorMap
from cnn_oracle.manual._typing import Array


@dataclass(frozen=True, eq=False)
class Blocks:
    """The blocks of a map. The last two axes are the rows and columns; axes of size 1 leave their place to others.

    Attributes:
        shape: The shape of the output.
        axes: The axes that are rows and columns. A vector has only columns.
        wrong: Whether an element is wrong, by block, row and column.
        error, bound: The same for its error and its bound.
    """

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    wrong: Array
    error: Array
    bound: Array

    @cached_property
    def bad(self) -> list[int]:
        """The blocks with wrong elements."""
        return [int(block) for block in np.flatnonzero(self.wrong.any((1, 2)))]

    @cached_property
    def other(self) -> tuple[int, ...]:
        """The axes that number the blocks."""
        return tuple(axis for axis in range(len(self.shape)) if axis not in self.axes)

    @property
    def row(self) -> int:
        """How many blocks the last of the other axes numbers: a row of blocks should hold a multiple of it."""
        return self.shape[self.other[-1]] if self.other else 1

    def index(self, block: int, row: int | str = ":", column: int | str = ":") -> str:
        """The index of a block, such as ``"[0,1]"``, or of an element: ``"[0,1,2,3]"``."""
        numbers = np.unravel_index(block, [self.shape[axis] for axis in self.other]) if self.other else ()
        inner = (row, column)[2 - len(self.axes) :]
        at = dict(zip((*self.other, *self.axes), (*map(int, numbers), *inner), strict=True))
        entries = [at[axis] for axis in range(len(self.shape))]
        while entries and entries[-1] == ":":
            entries.pop()
        return f"[{','.join(map(str, entries))}]" if entries else ""


def blocks(one: ErrorMap) -> Blocks:
    """The blocks of a map."""
    error = np.asarray(one.error, dtype=float)
    bound = np.broadcast_to(np.asarray(one.bound, dtype=float), error.shape)
    shape, axes = error.shape, _axes(error.shape)
    inner = (1,) * (2 - len(axes)) + tuple(shape[axis] for axis in axes)
    count = prod(size for axis, size in enumerate(shape) if axis not in axes)

    def cut(a: Array) -> Array:
        return np.moveaxis(a, axes, range(-len(axes), 0)).reshape(count, *inner)

    return Blocks(shape, axes, cut(~(error <= bound)), cut(error), cut(bound))


def _axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The last two axes that are longer than 1, filled up with the last of the others."""
    last = [*range(len(shape))][::-1]
    long = [axis for axis in last if shape[axis] > 1]
    return tuple(sorted([*long, *(axis for axis in last if axis not in long)][:2]))


# The lines of an axis, as they are drawn: the elements that each shows, or none for lines that continue the pattern
Lines = list[tuple[int, ...]]
PERIODS = 8  # the longest pattern that is looked for


def every(length: int) -> Lines:
    """A line for each element."""
    return [(i,) for i in range(length)]


def folded(lines: Array) -> Lines:
    """A line for each element, but the middle of a long repetition is left out.

    Args:
        lines: each element of the axis, as an array that shows which elements are wrong there.
    """
    names: dict[bytes, int] = {}
    keys = [names.setdefault(line.tobytes(), len(names)) for line in np.ascontiguousarray(lines)]
    found, i = Lines(), 0
    while i < len(keys):
        repeats = {period: _repeat(keys, i, period) for period in range(1, PERIODS + 1)}
        period = max(repeats, key=lambda p: (repeats[p] - i - 2 * max(p, 2), -p))  # the one that leaves out most
        end, first = repeats[period], max(2 * period, 3)
        last = max(period, 2)
        if end - i > first + last + 2:
            found += [*every(end)[i : i + first], (), *every(end)[end - last :]]
            i = end
        else:
            found.append((i,))
            i += 1
    return found


def _repeat(keys: list[int], start: int, period: int) -> int:
    """Where the elements from ``start`` on stop to repeat with this period."""
    end = min(start + period, len(keys))
    while end < len(keys) and keys[end] == keys[end - period]:
        end += 1
    return end


def binned(length: int, lines: int) -> Lines:
    """Lines, at most ``lines`` of them, each of which shows the same number of neighbouring elements."""
    size = -(-length // lines)
    return [tuple(range(i, min(i + size, length))) for i in range(0, length, size)]
