"""Memory that nobody wrote to, made visible: an answer that still holds it is known by that.

What ``np.empty`` returns is often zero, and zero is often right. So while a subject runs, memory that it asks for is
filled: with NaN, or −1 where there is none, and in a second run with zero. An answer that changes with it was never
written to. Seen are np.empty, np.empty_like, torch.empty, torch.empty_like and Tensor.new_empty, called by these
names; memory that compiled code takes from the system is as it is.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from math import isnan
from typing import Any

import numpy as np
import torch

PLACES: tuple[tuple[Any, str], ...] = (
    (np, "empty"), (np, "empty_like"), (torch, "empty"), (torch, "empty_like"), (torch.Tensor, "new_empty"),
)  # fmt: skip
MAKERS = tuple(getattr(owner, name) for owner, name in PLACES)


class _FillValue:
    """What new memory is filled with now; None where it is left as it is."""

    value: float | None = None


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """All that makes memory is replaced, and put back afterwards: once for many calls, for it is slow to do."""
    before = [getattr(owner, name) for owner, name in PLACES]
    _put([_filling(make) for make in MAKERS])
    try:
        yield
    finally:
        _put(before)


class filled:  # noqa: N801  # a context manager, of which a class is the fastest
    """New memory holds ``value``."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __enter__(self) -> None:
        self.alone = watched() if np.empty is MAKERS[0] else None  # nobody watches for many calls
        if self.alone:
            self.alone.__enter__()
        self.before, _FillValue.value = _FillValue.value, self.value

    def __exit__(self, *error: Any) -> None:
        _FillValue.value = self.before
        if self.alone:
            self.alone.__exit__(*error)


def _put(makers: list[Callable[..., Any]]) -> None:
    for (owner, name), make in zip(PLACES, makers, strict=True):
        setattr(owner, name, make)


@lru_cache
def _filling(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)
    def made(*arguments: Any, **keywords: Any) -> Any:
        memory, value = make(*arguments, **keywords), _FillValue.value
        if value is None:
            return memory
        whole = -1 if isnan(value) else int(value)
        if isinstance(memory, torch.Tensor):
            with torch.no_grad():
                memory.fill_(value if memory.is_floating_point() else whole)
        elif memory.dtype.kind in "fiub":
            memory.fill(value if memory.dtype.kind == "f" else np.array(whole).astype(memory.dtype))
        return memory

    return made
