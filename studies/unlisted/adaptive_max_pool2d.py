"""Unlisted wrong derivations of adaptive max pooling."""

from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual._adaptive import windows
from cnn_oracle.manual._typing import Array


def index_within_the_window(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """the place of a maximum in its window is used as its place in x: the start of the window is not added"""
    rows, columns = windows("adaptive_max_pool2d", x, output_size)
    dx = np.zeros_like(x)
    for p, q in np.ndindex(len(rows), len(columns)):
        u = x[:, :, rows[p], columns[q]]
        r, s = np.unravel_index(u.reshape(*x.shape[:2], prod(u.shape[2:])).argmax(2), u.shape[2:])
        n, c = np.indices(r.shape)
        dx[n, c, r, s] += dy[:, :, p, q]
    return (dx,)


def windows_one_short(x: Array, *, output_size: Any) -> Array:
    """windows end one element too early, unless they have only one"""
    rows, columns = ([slice(i.start, max(i.stop - 1, i.start + 1)) for i in axis] for axis in _axes(x, output_size))
    y = np.array([[x[:, :, i, j].max((2, 3)) for j in columns] for i in rows], x.dtype)
    return y.transpose(2, 3, 0, 1).copy()


def _axes(x: Array, output_size: Any) -> Any:
    return windows("adaptive_max_pool2d", x, output_size)
