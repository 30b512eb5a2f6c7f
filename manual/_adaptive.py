"""Windows whose size follows from their number.   window p of P over n elements: ⌊p n/P⌋ … ⌈(p+1) n/P⌉

combined  y[p] = Σ x[i] over the window of p, or its maximum          spread  x[i] = Σ y[p] over the windows that hold i
"""

from typing import Any

import numpy as np

from ._errors import invalid
from ._geometry import per_axis
from ._typing import Array

Size = int | tuple[int | None, int | None] | None
Windows = list[slice]  # of one axis


def windows(op: str, x: Array, output_size: Size, dy: Array | None = None) -> tuple[Windows, Windows]:
    """The slice of rows of each p, and of columns of each q. The window of p, q is their intersection."""
    pair = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if x.ndim != 4 or len(pair) != 2 or 0 in x.shape[1:]:
        reason = "x must be (N, C, H, W), only N may be 0, and output_size an int or 2 of them"
        raise invalid(op, reason, x=x, output_size=output_size)
    wanted = tuple(n if count is None else count for count, n in zip(pair, x.shape[2:], strict=True))
    rows, columns = per_axis(op, "output_size", wanted, 2, 1)  # PyTorch has no gradient for an empty y
    if dy is not None and dy.shape != (*x.shape[:2], rows, columns):
        raise invalid(op, f"dy must have y's shape {(*x.shape[:2], rows, columns)}", dy=dy, x=x)
    return _windows(rows, x.shape[2]), _windows(columns, x.shape[3])


def combined(combine: np.ufunc, x: Array, windows: Windows, axis: int) -> Array:
    """Combine the elements of each window along one axis, e.g. by ``np.add``: all first elements, all second, …"""
    lead: Any = (slice(None),) * axis
    first, size = (np.array(ends, int) for ends in ([i.start for i in windows], [i.stop - i.start for i in windows]))
    y: Array = x[*lead, first]
    for k in range(1, size.max()):
        p = np.flatnonzero(size > k)
        y[*lead, p] = combine(y[*lead, p], x[*lead, first[p] + k])
    return y


def spread(y: Array, windows: Windows, size: int, axis: int) -> Array:
    """The adjoint of ``combined`` by ``np.add``, for an axis of ``size`` elements."""
    lead = (slice(None),) * axis
    x = np.zeros((*y.shape[:axis], size, *y.shape[axis + 1 :]), y.dtype)
    for p, window in enumerate(windows):
        x[*lead, window] += y[*lead, p : p + 1]
    return x


def _windows(count: int, n: int) -> Windows:
    return [slice(p * n // count, -(-(p + 1) * n // count)) for p in range(count)]
