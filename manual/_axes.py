"""Linear maps along one axis, each with its adjoint: ⟨A x, v⟩ = ⟨x, Aᵀ v⟩.

take  y[…,j,…] = x[…,i[j],…]                            put   x[…,i,…] = Σ y[…,j,…] over i[j] = i
"""

import numpy as np

from ._typing import Array


def take(x: Array, i: Array, axis: int) -> Array:
    """The elements i of an axis; 0 where i is −1."""
    kept = i >= 0
    if kept.all():
        return np.take(x, i, axis)
    y = np.zeros((*x.shape[:axis], len(i), *x.shape[axis + 1 :]), x.dtype)
    np.moveaxis(y, axis, 0)[kept] = np.moveaxis(x, axis, 0)[i[kept]]
    return y


def put(y: Array, i: Array, axis: int, size: int) -> Array:
    """The adjoint of ``take``: add each element to its source, in an axis of ``size`` elements."""
    x = np.zeros((*y.shape[:axis], size, *y.shape[axis + 1 :]), y.dtype)
    kept = i >= 0
    np.add.at(np.moveaxis(x, axis, 0), i[kept], np.moveaxis(y, axis, 0)[kept])
    return x
