"""A bilinear form for each output.

y[n,o]   = b[o] + Σ_ij x1[n,i] w[o,i,j] x2[n,j]
dx1[n,i] = Σ_oj dy[n,o] w[o,i,j] x2[n,j]               dx2[n,j] = Σ_oi dy[n,o] w[o,i,j] x1[n,i]
dw[o,i,j] = Σ_n dy[n,o] x1[n,i] x2[n,j]                db[o] = Σ_n dy[n,o]

n stands for all leading axes of x1 and x2, which must be the same: any number of them, or none.
"""

import numpy as np

from ._contract import contract
from ._errors import invalid
from ._floats import ieee
from ._geometry import same_dtype
from ._typing import Array


@ieee
def forward(x1: Array, x2: Array, w: Array, b: Array | None = None) -> Array:
    """x1 (…, I), x2 (…, J), w (O, I, J), b (O,) or None → y (…, O).

    Raises:
        ValueError: the shapes do not fit together.
    """
    _check(x1, x2, w, b)
    y = contract("noi,ni->no", contract("oij,nj->noi", w, _rows(x2)), _rows(x1)).reshape(*x1.shape[:-1], len(w))
    return y if b is None else y + b


@ieee
def backward(
    dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None
) -> tuple[Array, Array, Array, Array | None]:
    """dy (…, O) → dx1, dx2, dw, db, each with its input's shape; db is None if b is."""
    _check(x1, x2, w, b, dy)
    v, a, c = _rows(dy), _rows(x1), _rows(x2)
    dx1 = contract("noi,no->ni", contract("oij,nj->noi", w, c), v).reshape(x1.shape)
    dx2 = contract("noj,no->nj", contract("oij,ni->noj", w, a), v).reshape(x2.shape)
    dw = contract("no,nij->oij", v, contract("ni,nj->nij", a, c))
    return dx1, dx2, dw, None if b is None else np.einsum("no->o", v)


def _rows(a: Array) -> Array:
    return a.reshape(int(np.prod(a.shape[:-1])), a.shape[-1])


def _check(x1: Array, x2: Array, w: Array, b: Array | None, dy: Array | None = None) -> None:
    same_dtype("bilinear", x1=x1, x2=x2, w=w, b=b)
    if min(x1.ndim, x2.ndim) < 1 or x1.shape[:-1] != x2.shape[:-1] or w.shape[1:] != (x1.shape[-1], x2.shape[-1]):
        raise invalid(
            "bilinear", "x1 must be (…, I), x2 (…, J) with the same leading axes, w (O, I, J)", x1=x1, x2=x2, w=w
        )
    if b is not None and b.shape != w.shape[:1]:
        raise invalid("bilinear", f"b must be ({len(w)},)", w=w, b=b)
    if dy is not None and dy.shape != (*x1.shape[:-1], len(w)):
        raise invalid("bilinear", f"dy must have y's shape {(*x1.shape[:-1], len(w))}", x1=x1, w=w, dy=dy)
