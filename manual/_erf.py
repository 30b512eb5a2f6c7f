"""The error function: NumPy has none, the standard library has it for one number."""

import math

import numpy as np

from manual._typing import Array

_erf = np.vectorize(math.erf, otypes=[float])


def erf(x: Array) -> Array:
    """2/√π ∫₀ˣ exp(−t²) dt of each element."""
    y: Array = _erf(x).astype(x.dtype)
    return y
