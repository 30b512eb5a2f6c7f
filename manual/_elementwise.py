"""Elementwise functions: IEEE 754 as in _floats.py, and large arrays in blocks of thousands of elements.

The intermediate results of a block are still in the processor's cache when they are read, and need no new memory.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from ._floats import ieee

F = TypeVar("F", bound=Callable[..., Any])

BLOCK_ELEMENTS = 2**15  # per block


def elementwise(f: F) -> F:
    """Decorate a forward of x, or a backward of dy and x, that also works on a block of the elements."""

    @ieee
    @wraps(f)
    def by_blocks(*arrays: Any, **options: Any) -> Any:
        first, *others = arrays
        if first.size <= BLOCK_ELEMENTS or len({(a.shape, a.dtype) for a in arrays}) > 1:  # f rejects a mismatch
            return f(*arrays, **options)
        flat, y = [a.ravel() for a in arrays], np.empty(first.size, first.dtype)
        for i in range(0, y.size, BLOCK_ELEMENTS):
            block = f(*(a[i : i + BLOCK_ELEMENTS] for a in flat), **options)
            y[i : i + BLOCK_ELEMENTS] = block[0] if others else block
        y = y.reshape(first.shape)
        return (y,) if others else y

    return by_blocks  # type: ignore[return-value]
