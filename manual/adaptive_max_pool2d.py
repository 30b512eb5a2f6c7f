"""The maximum of each of P × Q windows that cover the image; dy goes to the first maximum.   Formula E14.

y[n,c,p,q]  = max x[n,c,h,w] over the window of p, q
m[n,c,p,q]  = h·W + w of the first maximum in row order, or of the last NaN
dx[n,c,h,w] = Σ dy[n,c,p,q] over the windows with m = h·W + w
"""

import numpy as np

from ._adaptive import Size, Windows, combined, windows
from ._floats import ieee
from ._typing import Array


def forward(x: Array, *, output_size: Size) -> Array:
    """x (N, C, H, W) → y (N, C, P, Q); an output_size of None keeps an axis.

    Raises:
        ValueError: x is unbatched (unsupported) or has an empty image, or output_size is not 1 or 2 positive ints.
    """
    rows, columns = windows("adaptive_max_pool2d", x, output_size)
    return combined(np.maximum, combined(np.maximum, x, rows, 2), columns, 3)


@ieee
def backward(dy: Array, x: Array, *, output_size: Size) -> tuple[Array]:
    """dy (N, C, P, Q) → dx (N, C, H, W)."""
    m = _argmax(x, *windows("adaptive_max_pool2d", x, output_size, dy))
    dx = np.zeros(x.size, dy.dtype)
    maps = np.arange(0, x.size, x.shape[2] * x.shape[3]).reshape(*x.shape[:2], 1, 1)
    np.add.at(dx, (maps + m).ravel(), dy.ravel())
    return (dx.reshape(x.shape),)


def _argmax(x: Array, rows: Windows, columns: Windows) -> Array:
    """m, from the first elements of all windows, then the second, …; a window that has no more repeats its last."""
    m = np.zeros((*x.shape[:2], len(rows), len(columns)), np.int32)
    best, nan = np.full(m.shape, -np.inf, x.dtype), np.isnan(x).any()
    m += (_cells(rows)[0][:, None] * x.shape[3] + _cells(columns)[0]).astype(m.dtype)  # m if all are −∞
    for h in _cells(rows):
        row = x[:, :, h]
        for w in _cells(columns):
            cell, place = row[..., w], (h[:, None] * x.shape[3] + w).astype(m.dtype)
            larger = cell > best
            if nan:
                larger |= np.isnan(cell)
            np.maximum(m, larger * place, out=m)  # places only increase
            np.maximum(best, cell, out=best)
    return m


def _cells(windows: Windows) -> list[Array]:
    """The indices of the first element of each window, of the second of each, …"""
    most = max(i.stop - i.start for i in windows)
    return [np.array([min(i.start + k, i.stop - 1) for i in windows], int) for k in range(most)]
