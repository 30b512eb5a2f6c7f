"""Linear maps along one axis, each with its adjoint: ⟨A x, v⟩ = ⟨x, Aᵀ v⟩.

take  y[…,j,…] = x[…,i[j],…]                            put   x[…,i,…] = Σ y[…,j,…] over i[j] = i
"""

import numpy as np

from manual._typing import Array


def take(x: Array, i: Array, axis: int) -> Array:
    """Cells i of an axis; an index of −1 takes 0."""
    y = np.take(x, np.maximum(i, 0), axis)
    return y if (i >= 0).all() else np.where(_along(i >= 0, axis, x.ndim), y, x.dtype.type(0))


def put(y: Array, i: Array, axis: int, size: int) -> Array:
    """The adjoint of ``take``: add each cell to where it came from, in an axis of ``size`` cells."""
    x = np.zeros((*y.shape[:axis], size, *y.shape[axis + 1 :]), y.dtype)
    kept = i >= 0
    np.add.at(np.moveaxis(x, axis, 0), i[kept], np.moveaxis(y, axis, 0)[kept])
    return x


def _along(a: Array, axis: int, rank: int) -> Array:
    return a.reshape(-1, *(1 for _ in range(rank - axis - 1)))
