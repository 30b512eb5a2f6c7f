"""The formats of numbers. bfloat16 is that of ml_dtypes; float32 arrays whose values it can hold stand for it.

NumPy takes arrays of ml_dtypes for no floating ones (their ``kind`` is V), so that cases do not hold them.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from cnn_oracle.cases.exact_grids import REAL, Grid
from cnn_oracle.manual._typing import Array


class Format(NamedTuple):
    """``bits`` of significand; ``sums`` is what a lattice's sums may fill: no more bits than its kernels add in.

    Kernels of half precision add in float32 and round once, so that sums of 24 bits would do; they are held to 16, two
    of them in reserve, because float16 ends at 2^16 and a kernel that adds in it is to round, not to overflow.
    """

    name: str
    bits: int
    sums: int
    carrier: np.dtype[Any]
    rounded: Callable[[Array], Array]  # to the nearest that the format holds, in float64

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
    """The bits are cut here, to even where it is halfway: ml_dtypes goes by way of float32 and would round twice."""
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


def held(grid: Grid, form: Format) -> Grid:
    """The lattice with no more values than the format holds: unit · k, k up to 2^bits / the odd part of unit."""
    if grid is REAL or grid.distinct:
        return grid
    numerator = float(grid.unit).as_integer_ratio()[0]
    odd = numerator // (numerator & -numerator)
    amplitude = min(grid.amplitude, 2**form.bits // odd)
    squares = grid.squares
    if squares and squares[2] is not None:  # values up to 3 beyond the offset
        squares = (*squares[:2], min(squares[2], 2**form.bits - 3))
    return grid._replace(amplitude=amplitude, squares=squares)
