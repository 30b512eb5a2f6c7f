"""Which cell of an axis stands behind each cell of the padded axis: the index of manual/pad.py's modes."""

import numpy as np

from manual._typing import Array


def too_far(mode: str, n: int, lo: int, hi: int) -> bool:
    """reflect needs more cells than it adds on a side, circular at least as many; nothing comes of an empty axis."""
    most, left = max(lo, hi), n + min(lo, 0) + min(hi, 0)
    return (mode == "reflect" and most >= n) or (mode == "circular" and most > left) or (mode == "replicate" and not n)


def index(mode: str, n: int, lo: int, hi: int) -> Array:
    j = np.arange(-lo, n + hi)
    if mode == "constant":
        return np.where((j >= 0) & (j < n), j, -1)
    if mode == "reflect":
        i: Array = n - 1 - np.abs(n - 1 - np.abs(j))
        return i
    if mode == "replicate":
        return np.clip(j, 0, n - 1)
    first, last = max(-lo, 0), n - max(-hi, 0)  # circular crops before it wraps
    return first + (j - first) % max(last - first, 1)
