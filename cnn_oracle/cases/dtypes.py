"""The formats of numbers: float64, float32, bfloat16 and float16.

A case stores bfloat16 as float32 arrays whose values bfloat16 can represent. It does not use the dtype of ml_dtypes,
because NumPy does not treat that as a floating dtype (its ``kind`` is V).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from cnn_oracle.cases.exact_grids import REAL, Grid
from cnn_oracle.manual._typing import Array


class Format(NamedTuple):
    """A format of numbers.

    Attributes:
        name: its name.
        bits: the bits of its significand.
        sums: the bits that sums on an exact grid may have. Half-precision kernels add in float32 and round once, so
            24 would be enough. The limit is 16, because float16 ends at 2^16: a kernel that adds in float16 must
            round, not overflow.
        carrier: the NumPy dtype that stores it.
        rounded: rounds an array to the nearest numbers of the format. The result is in float64.
    """

    name: str
    bits: int
    sums: int
    carrier: np.dtype[Any]
    rounded: Callable[[Array], Array]

    @property
    def u(self) -> float:
        """The unit roundoff."""
        return 2.0**-self.bits


def _float64(a: Array) -> Array:
    return a


def _float32(a: Array) -> Array:
    return a.astype(np.float32).astype(np.float64)


def _float16(a: Array) -> Array:
    return a.astype(np.float16).astype(np.float64)


def _bfloat16(a: Array) -> Array:
    """Round to nearest, ties to even, in one step. ml_dtypes would round twice, first to float32."""
    m, e = np.frexp(a)
    cut = np.ldexp(np.rint(np.ldexp(m, BFLOAT16)), e - BFLOAT16)
    return np.asarray(cut.astype(ml_dtypes.bfloat16), np.float64)


BFLOAT16: int = ml_dtypes.finfo(ml_dtypes.bfloat16).nmant + 1  # type: ignore[no-untyped-call]  # its significand
FORMATS: Mapping[str, Format] = {
    f.name: f
    for f in (
        Format("float64", 53, 53, np.dtype("float64"), _float64),
        Format("float32", 24, 24, np.dtype("float32"), _float32),
        Format("bfloat16", BFLOAT16, 16, np.dtype("float32"), _bfloat16),
        Format("float16", 11, 16, np.dtype("float16"), _float16),
    )
}


def representable(grid: Grid, form: Format) -> Grid:
    """The grid, restricted to numbers that the format can represent: unit · k, |k| ≤ 2^bits / (odd part of unit)."""
    if grid is REAL or grid.distinct:
        return grid
    numerator = float(grid.unit).as_integer_ratio()[0]
    odd = numerator // (numerator & -numerator)
    amplitude = min(grid.amplitude, 2**form.bits // odd)
    squares = grid.squares
    if squares and squares[2] is not None:  # values are up to 3 larger than the offset
        squares = (*squares[:2], min(squares[2], 2**form.bits - 3))
    return grid._replace(amplitude=amplitude, squares=squares)
