"""Unlisted wrong derivations of the bilinear form."""

from cnn_oracle.manual import bilinear
from cnn_oracle.manual._typing import Array


def halved(x1: Array, x2: Array, w: Array, b: Array | None = None) -> Array:
    """the products are halved, as in ½ xᵀ W x"""
    y = bilinear.forward(x1, x2, w, None) / 2
    return y if b is None else y + b


def own_input_in_dx1(dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    """dx1 is Σ_oj dy[o] w[o,i,j] x1[j] where x2[j] is right; the shapes fit only for I = J"""
    dx1, dx2, dw, db = bilinear.backward(dy, x1, x2, w, b)
    if w.shape[1] == w.shape[2]:
        dx1 = bilinear.backward(dy, x1, x1, w, b)[0]
    return dx1, dx2, dw, db
