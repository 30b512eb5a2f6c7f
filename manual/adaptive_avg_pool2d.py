"""The mean of each of P × Q windows that cover the image.   Formula E14.

y[n,c,p,q]  = Σ_hw x[n,c,h,w] / a over the window of p, q, of a cells
dx[n,c,h,w] = Σ dy[n,c,p,q] / a over the windows that hold h, w
"""

import numpy as np

from manual._adaptive import Size, windows
from manual._typing import Array


def forward(x: Array, *, output_size: Size) -> Array:
    """x (N, C, H, W) → y (N, C, P, Q); None keeps an axis.

    Raises:
        ValueError: x is not batched or has an empty image.
    """
    size, cells = windows("adaptive_avg_pool2d", x, output_size)
    y = np.empty((*x.shape[:2], *size), x.dtype)
    for p, q, rows, columns in cells:
        y[:, :, p, q] = x[:, :, rows, columns].mean((2, 3))
    return y


def backward(dy: Array, x: Array, *, output_size: Size) -> tuple[Array]:
    """dy (N, C, P, Q) → dx (N, C, H, W)."""
    dx = np.zeros(x.shape, dy.dtype)
    for p, q, rows, columns in windows("adaptive_avg_pool2d", x, output_size, dy)[1]:
        window = dx[:, :, rows, columns]
        window += dy[:, :, p, q, None, None] / dy.dtype.type(window.shape[2] * window.shape[3])
    return (dx,)
