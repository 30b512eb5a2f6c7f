"""A cache of the latest values of a function.

Several theorems need the same values, one after the other. Arrays cannot be hashed, so the cache compares its keys by
identity.
"""

from collections import deque
from collections.abc import Callable
from operator import is_
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """A cache of the ``count`` latest values."""

    def __init__(self, count: int) -> None:
        self.known: deque[tuple[tuple[Any, ...], T]] = deque(maxlen=count)

    def of(self, objects: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The cached value for exactly these objects. If there is none, ``make`` computes it."""
        for known, value in self.known:
            if len(known) == len(objects) and all(map(is_, known, objects)):
                return value
        value = make()
        self.known.append((objects, value))
        return value
