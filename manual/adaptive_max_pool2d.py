"""The largest cell of each of P × Q windows that cover the image; dy goes to the first of them.   Formula E14.

y[n,c,p,q]  = max x[n,c,h,w] over the window of p, q
dx[n,c,h,w] = Σ dy[n,c,p,q] over the windows whose first maximum in row order, or last NaN, is h, w
"""

import numpy as np

from manual._adaptive import Size, windows
from manual._typing import Array


def forward(x: Array, *, output_size: Size) -> Array:
    """x (N, C, H, W) → y (N, C, P, Q); None keeps an axis.

    Raises:
        ValueError: x is not batched or has an empty image.
    """
    size, cells = windows("adaptive_max_pool2d", x, output_size)
    y = np.empty((*x.shape[:2], *size), x.dtype)
    for p, q, rows, columns in cells:
        y[:, :, p, q] = x[:, :, rows, columns].max((2, 3))
    return y


def backward(dy: Array, x: Array, *, output_size: Size) -> tuple[Array]:
    """dy (N, C, P, Q) → dx (N, C, H, W)."""
    dx = np.zeros(x.shape, dy.dtype)
    n, c = np.indices(x.shape[:2])
    for p, q, rows, columns in windows("adaptive_max_pool2d", x, output_size, dy)[1]:
        u = x[:, :, rows, columns]
        height, width = u.shape[2:]
        flat = u.reshape(*u.shape[:2], height * width)
        nan = np.isnan(flat)
        m = np.where(nan.any(2), height * width - 1 - nan[:, :, ::-1].argmax(2), flat.argmax(2))
        dx[n, c, rows.start + m // width, columns.start + m % width] += dy[:, :, p, q]
    return (dx,)
