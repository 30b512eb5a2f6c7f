"""The dtypes on trial. NumPy lacks bfloat16: float32 arrays whose values it can hold stand for it.

Cases hold float64 arrays whose values the format can hold, so that ``manual`` answers to the very numbers that PyTorch
is given.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from cnn_oracle.cases.exact_grids import REAL, Lattice
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


def _through(dtype: str) -> Callable[[Array], Array]:
    return lambda a: a.astype(dtype).astype(np.float64)


def _eight_bits(a: Array) -> Array:
    """bfloat16 has float32's exponents: what is not tiny only loses bits, to even where it is halfway."""
    m, e = np.frexp(a)
    return np.asarray(np.ldexp(np.rint(np.ldexp(m, 8)), e - 8))


FORMATS: Mapping[str, Format] = {
    f.name: f
    for f in (
        Format("float64", 53, 53, np.dtype("float64"), lambda a: a),
        Format("float32", 24, 24, np.dtype("float32"), _through("float32")),
        Format("bfloat16", 8, 16, np.dtype("float32"), _eight_bits),
        Format("float16", 11, 16, np.dtype("float16"), _through("float16")),
    )
}


def held(lattice: Lattice, form: Format) -> Lattice:
    """The lattice with no more values than the format holds: unit · k, k up to 2^bits / the odd part of unit."""
    if lattice is REAL or lattice.distinct:
        return lattice
    numerator = float(lattice.unit).as_integer_ratio()[0]
    odd = numerator // (numerator & -numerator)
    amplitude = min(lattice.amplitude, 2**form.bits // odd)
    squares = lattice.squares
    if squares and squares[2] is not None:  # values up to 3 beyond the offset
        squares = (*squares[:2], min(squares[2], 2**form.bits - 3))
    return lattice._replace(amplitude=amplitude, squares=squares)
