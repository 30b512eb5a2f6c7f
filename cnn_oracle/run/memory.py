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


@contextlib.contextmanager
def filled(value: float) -> Iterator[None]:
    """New memory holds ``value``; what stood in its place stands there again afterwards."""
    before = [getattr(owner, name) for owner, name in PLACES]
    _put([_filling(make, value) for make in MAKERS])
    try:
        yield
    finally:
        _put(before)


def _put(makers: list[Callable[..., Any]]) -> None:
    for (owner, name), make in zip(PLACES, makers, strict=True):
        setattr(owner, name, make)


@lru_cache
def _filling(make: Callable[..., Any], value: float) -> Callable[..., Any]:
    whole = -1 if isnan(value) else int(value)

    @wraps(make)
    def made(*arguments: Any, **keywords: Any) -> Any:
        memory = make(*arguments, **keywords)
        if isinstance(memory, torch.Tensor):
            with torch.no_grad():
                memory.fill_(value if memory.is_floating_point() else whole)
        elif memory.dtype.kind in "fiub":
            memory.fill(value if memory.dtype.kind == "f" else np.array(whole).astype(memory.dtype))
        return memory

    return made
