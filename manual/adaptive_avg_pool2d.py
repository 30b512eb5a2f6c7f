"""The mean of each of P × Q windows that cover the image.   Formula E14.

y[n,c,p,q]  = Σ_hw x[n,c,h,w] / a[p,q] over the window of p, q, of a[p,q] cells
dx[n,c,h,w] = Σ_pq dy[n,c,p,q] / a[p,q] over the windows that hold h, w

A window is a range of rows by a range of columns, so each sum runs over one axis, then over the other.
"""

import numpy as np

from ._adaptive import Size, Windows, combined, spread, windows
from ._floats import ieee
from ._typing import Array


@ieee
def forward(x: Array, *, output_size: Size) -> Array:
    """x (N, C, H, W) → y (N, C, P, Q); an output_size of None keeps an axis.

    Raises:
        ValueError: x is unbatched (unsupported) or has an empty image, or output_size is not 1 or 2 positive ints.
    """
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    y: Array = combined(np.add, combined(np.add, x, rows, 2), columns, 3) / _counts(rows, columns, x)
    return y


@ieee
def backward(dy: Array, x: Array, *, output_size: Size) -> tuple[Array]:
    """dy (N, C, P, Q) → dx (N, C, H, W)."""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size, dy)
    share = dy / _counts(rows, columns, dy)
    return (spread(spread(share, columns, x.shape[3], 3), rows, x.shape[2], 2),)


def _counts(rows: Windows, columns: Windows, like: Array) -> Array:
    """a (P, Q)."""
    heights, widths = (np.array([i.stop - i.start for i in axis], like.dtype) for axis in (rows, columns))
    counts: Array = heights[:, None] * widths
    return counts
