"""Uninitialised memory: fill it, so that it shows in an output.

Memory from ``np.empty`` often contains zeros, and zero is often the correct value. So while a subject runs, the memory
that it allocates is filled: first with NaN (or −1, for dtypes without NaN), and in a second run with zero. An element
that differs between the two runs was never written.

The functions that are covered are np.empty, np.empty_like, torch.empty, torch.empty_like and Tensor.new_empty, called
by these names. Memory that compiled code allocates is not covered.
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
    """The current fill value. None: new memory is not filled."""

    value: float | None = None


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Replace the functions that allocate memory, and restore them at the end.

    This is slow, so do it once for many calls.
    """
    before = [getattr(owner, name) for owner, name in PLACES]
    _put([_filling(make) for make in MAKERS])
    try:
        yield
    finally:
        _put(before)


class filled:  # noqa: N801  # a context manager; a class is the fastest form
    """A context in which new memory is filled with ``value``."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __enter__(self) -> None:
        self.own_watch = watched() if np.empty is MAKERS[0] else None  # no ``watched`` is active
        if self.own_watch:
            self.own_watch.__enter__()
        self.before, _FillValue.value = _FillValue.value, self.value

    def __exit__(self, *error: Any) -> None:
        _FillValue.value = self.before
        if self.own_watch:
            self.own_watch.__exit__(*error)


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
