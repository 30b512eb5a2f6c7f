"""The source in an axis of each element of the padded axis: the index i(j) of manual/pad.py's modes."""

import numpy as np

from ._typing import Array


def too_far(mode: str, n: int, lo: int, hi: int) -> bool:
    """Whether an axis of n elements cannot be padded by lo and hi.

    The padded size must not be negative. reflect needs more elements than it adds on a side. constant and circular crop
    before they add, and after the crop circular needs as many elements as it adds on a side. PyTorch requires that many
    only before the crop. If too few are left after it, PyTorch returns uninitialised memory.
    """
    most = max(lo, hi)
    if mode in ("constant", "circular"):
        left = n + min(lo, 0) + min(hi, 0)
        return left < 0 or (mode == "circular" and most > left)
    return n + lo + hi < 0 or (mode == "reflect" and most >= n)


def index(mode: str, n: int, lo: int, hi: int) -> Array:
    """The index in x of each element of y; a negative number where y is the constant."""
    j = np.arange(-lo, n + hi)
    if mode == "constant":
        return np.where(j < n, j, -1)
    if mode == "reflect":
        i: Array = n - 1 - np.abs(n - 1 - np.abs(j))
        return i
    if mode == "replicate":
        return np.clip(j, 0, n - 1)
    first, last = max(-lo, 0), n - max(-hi, 0)  # circular crops before it wraps
    return first + (j - first) % (last - first)
