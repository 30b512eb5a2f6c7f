"""Tiles of an axis, and what happens to some of them. The mistakes past a size share this; it has none itself."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from cnn_oracle.manual._typing import Array

F = TypeVar("F", bound=Callable[..., Any])
Gradients = tuple[Array | None, ...]

OPS_OF: dict[Callable[..., Any], tuple[str, ...]] = {}  # the mistakes past a size, with their ops


def mistake_of(*ops: str) -> Callable[[F], F]:
    """Decorate a mistake past a size, of these ops."""

    def remember(f: F) -> F:
        OPS_OF[f] = ops
        return f

    return remember


def size(a: Array, axis: int) -> int:
    """The size of an axis; 1 if the array does not have it."""
    return int(a.shape[axis]) if -a.ndim <= axis < a.ndim else 1


def tiles(n: int, block: int) -> list[slice]:
    """The tiles of an axis of n elements, at least one. The last one may not be full."""
    return [slice(i, min(i + block, n)) for i in range(0, max(n, 1), block)]


def tail(n: int, block: int) -> slice:
    """The last tile if it is not full and there is another; else nothing."""
    last = tiles(n, block)[-1]
    return last if block <= last.start < n < last.start + block else slice(n, n)


def full_last(n: int, block: int) -> slice:
    """The last tile if it is full and there is another; else nothing."""
    return slice(n - block, n) if n > block and n % block == 0 else slice(n, n)


def stale(n: int, block: int) -> slice:
    """What a buffer of one tile still holds behind the tail: elements of the tile before."""
    rest = tail(n, block)
    return slice(rest.stop - block, rest.start) if rest.start < n else rest


def but_the_first(part: slice) -> slice:
    """All elements of a tail but the first."""
    return slice(part.start + 1, max(part.stop, part.start + 1))


def wrapped(n: int, block: int) -> Array:
    """The indices of an axis, as they are read with too few bits."""
    return np.arange(n) % block


def without(a: Array, axis: int, part: Any) -> Array:
    """A copy with zeros in some places of an axis. It is ``a`` itself if there is no such axis."""
    if not -a.ndim <= axis < a.ndim:
        return a
    a = a.copy()
    np.moveaxis(a, axis, 0)[part] = 0
    return a


def only(a: Array, axis: int, part: slice) -> Array:
    """A copy with zeros in all other places of an axis."""
    return without(without(a, axis, slice(part.start)), axis, slice(part.stop, None))


def last_tile_wins(f: Callable[[Array], Array], dy: Array, axis: int, block: int) -> Array:
    """f(dy), a linear map, tile by tile of dy: where a tile writes, it overwrites what the tiles before wrote."""
    total = f(dy)
    if dy.shape[axis] <= block:
        return total
    total = np.zeros_like(total)
    for part in tiles(dy.shape[axis], block):
        total = np.where(f(only(np.ones_like(dy), axis, part)) != 0, f(only(dy, axis, part)), total)
    return total


def by_halves(partial: Array) -> Array:
    """The sum of the first axis as a tree that takes its size for a power of two."""
    while len(partial) > 1:
        half = len(partial) // 2
        partial = partial[:half] + partial[half : 2 * half]
    first: Array = partial[0]
    return first
