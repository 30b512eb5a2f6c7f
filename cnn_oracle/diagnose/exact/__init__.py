"""The exact reference: forwards by definition, one element at a time, in exact arithmetic.

A definition is a function (index of y, arguments) → y[index]. Its arrays hold fractions, so nothing rounds. For
transcendental formulas, mpmath computes with 50 digits. The code shares nothing with ``manual``, and it is slow.
"""

from collections.abc import Mapping
from fractions import Fraction

import mpmath
import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.diagnose.exact import formulas, windows
from cnn_oracle.diagnose.exact.formulas import Definition, Index
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op

DIGITS = 50
DEFINITIONS: Mapping[str, Definition] = {**windows.DEFINITIONS, **formulas.DEFINITIONS}


def exactly(op: Op, case: Case, index: Index) -> Fraction | None:
    """y[index] of a case. None if the op has no definition here, or an argument is not finite."""
    arrays = {n: a for n, a in {**case.arrays, **case.keywords}.items() if isinstance(a, np.ndarray)}
    if op.name not in DEFINITIONS or not all(np.isfinite(a).all() for a in arrays.values()):
        return None
    given = {n: p.default for n, p in op.parameters.items()} | case.arrays | case.keywords
    exact = {n: _fractions(a) if a.dtype.kind == "f" else a for n, a in arrays.items()}
    with mpmath.workdps(DIGITS):
        try:
            y = DEFINITIONS[op.name](index, **(given | exact))
        except ZeroDivisionError:  # a mean of nothing
            return None
        if y is None:
            return None
        return Fraction(mpmath.nstr(y, DIGITS)) if isinstance(y, mpmath.mpf) else Fraction(y)


def _fractions(a: Array) -> Array:
    exact = np.empty(a.shape, object)
    for i in np.ndindex(a.shape):
        exact[i] = Fraction(float(a[i]))
    return exact
