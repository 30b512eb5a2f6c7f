"""Time two functions in alternating turns. Load on the machine slows both, so the result is the ratio of times."""

import contextlib
import gc
from collections.abc import Callable, Iterator
from statistics import median, quantiles
from time import perf_counter
from typing import NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

TURN = 1e-3  # the least seconds of a turn: a faster function is repeated within it
TURNS = 9  # at least
SECONDS = 0.6  # of measuring, unless TURNS turns take longer


class Times(NamedTuple):
    """The median milliseconds of each function, the median ratio of neighbouring turns, and the quartiles."""

    manual: float
    torch: float
    ratio: float
    low: float
    high: float


def compare(manual: Callable[[], object], torch: Callable[[], object], seconds: float = SECONDS) -> Times:
    """Time both functions in alternating turns."""
    _settle()
    repeats = [_repeats(f) for f in (manual, torch)]
    pairs: list[tuple[float, float]] = []
    with _without_collection():
        start = perf_counter()
        while len(pairs) < TURNS or perf_counter() - start < seconds:
            pairs.append((_turn(manual, repeats[0]), _turn(torch, repeats[1])))
    ours, theirs = zip(*pairs, strict=True)
    ratios = [a / b for a, b in pairs]
    low, middle, high = quantiles(ratios, n=4)
    return Times(1e3 * median(ours), 1e3 * median(theirs), middle, low, high)


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """NumPy and PyTorch on the given number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count, "blas"):
            yield
    finally:
        torch.set_num_threads(before)


def _settle() -> None:
    """Let malloc keep freed memory, as it does in a process that has once freed a large array.

    glibc returns freed memory to the system beyond twice the largest block that was ever freed. Fetching it again,
    page by page, takes time, and which of two arrays of some megabytes pays for it is chance.
    """
    np.empty(31 * 2**20, np.uint8)


def _repeats(f: Callable[[], object]) -> int:
    """How often f fits into a turn. The first call builds plans and fills caches, so it does not count."""
    f()
    return max(1, round(TURN / _turn(f, 1)))


def _turn(f: Callable[[], object], repeats: int) -> float:
    """The mean seconds per call over one turn."""
    start = perf_counter()
    for _ in range(repeats):
        f()
    return (perf_counter() - start) / repeats


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
