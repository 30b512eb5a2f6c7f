"""Functions of each element by itself: IEEE 754 as in _floats.py, and of large arrays some thousand numbers at a time.

What such a function makes on the way is then still in the processor's cache when it is read, and needs no new memory.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from ._floats import ieee

F = TypeVar("F", bound=Callable[..., Any])

BLOCK_ELEMENTS = 2**15  # at a time


def elementwise(f: F) -> F:
    """Decorates a forward of x, or a backward of dy and x, that a block of the elements can be given alone."""

    @ieee
    @wraps(f)
    def by_blocks(*arrays: Any, **options: Any) -> Any:
        first, *others = arrays
        if first.size <= BLOCK_ELEMENTS or len({(a.shape, a.dtype) for a in arrays}) > 1:  # f refuses what does not fit
            return f(*arrays, **options)
        flat, y = [a.ravel() for a in arrays], np.empty(first.size, first.dtype)
        for i in range(0, y.size, BLOCK_ELEMENTS):
            block = f(*(a[i : i + BLOCK_ELEMENTS] for a in flat), **options)
            y[i : i + BLOCK_ELEMENTS] = block[0] if others else block
        y = y.reshape(first.shape)
        return (y,) if others else y

    return by_blocks  # type: ignore[return-value]
