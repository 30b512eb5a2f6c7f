"""The dense layer.   Formula S1, without the article's 1/m, which belongs to the loss (E7).

y[n,o]  = b[o] + Σ_i x[n,i] w[o,i]
db[o]   = Σ_n dy[n,o]
dw[o,i] = Σ_n dy[n,o] x[n,i]
dx[n,i] = Σ_o dy[n,o] w[o,i]

n stands for all leading axes of x: any number of them, or none.
"""

import numpy as np

from ._contract import contract
from ._errors import invalid
from ._floats import ieee
from ._geometry import same_dtype
from ._typing import Array


@ieee
def forward(x: Array, w: Array, b: Array | None = None) -> Array:
    """x (…, I), w (O, I), b (O,) or None → y (…, O).

    Raises:
        ValueError: the shapes do not fit together.
    """
    _check(x, w, b)
    y = contract("ni,oi->no", _rows(x), w).reshape(*x.shape[:-1], w.shape[0])
    return y if b is None else y + b


@ieee
def backward(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array, Array, Array | None]:
    """dy (…, O) → dx (…, I), dw (O, I), db (O,) or None."""
    _check(x, w, b, dy)
    dx = contract("no,oi->ni", _rows(dy), w).reshape(x.shape)
    dw = contract("no,ni->oi", _rows(dy), _rows(x))
    return dx, dw, None if b is None else np.einsum("no->o", _rows(dy))


def _rows(a: Array) -> Array:
    return a.reshape(int(np.prod(a.shape[:-1])), a.shape[-1])


def _check(x: Array, w: Array, b: Array | None, dy: Array | None = None) -> None:
    same_dtype("linear", x=x, w=w, b=b)
    if w.ndim != 2 or x.ndim < 1 or x.shape[-1] != w.shape[1]:
        raise invalid("linear", "x must be (…, I) and w (O, I)", x=x, w=w)
    if b is not None and b.shape != w.shape[:1]:
        raise invalid("linear", f"b must be ({w.shape[0]},)", x=x, w=w, b=b)
    if dy is not None and dy.shape != (*x.shape[:-1], w.shape[0]):
        raise invalid("linear", f"dy must have y's shape {(*x.shape[:-1], w.shape[0])}", x=x, w=w, dy=dy)
