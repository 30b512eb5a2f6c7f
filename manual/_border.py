"""Which cell of an axis stands behind each cell of the padded axis: the index of manual/pad.py's modes."""

import numpy as np

from ._typing import Array


def too_far(mode: str, n: int, lo: int, hi: int) -> bool:
    """No axis has less than no cells. reflect needs more of them than it adds on a side.

    constant and circular crop before they add, and circular needs as many as it adds of what is left; PyTorch asks for
    as many before the crop. If too few are left after the crop, it returns uninitialised memory.
    """
    most = max(lo, hi)
    if mode in ("constant", "circular"):
        left = n + min(lo, 0) + min(hi, 0)
        return left < 0 or (mode == "circular" and most > left)
    return n + lo + hi < 0 or (mode == "reflect" and most >= n)


def index(mode: str, n: int, lo: int, hi: int) -> Array:
    """The cell of x behind each cell of y; of the constant, which has none, a negative number."""
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
