"""The dense layer of the series.

S1   printed  Z = W·A + b, dW = dZ·Aᵀ/m, db = Σ dZ/m, dA = Wᵀ·dZ, a column for each of m examples
     general  y = x wᵀ + b, dx = dy w, dw = dyᵀ x, db = Σ_n dy, a row for each; 1/m belongs to the loss (E7)
"""

from .._typing import Array


def forward_as_printed(a: Array, w: Array, b: Array) -> Array:
    """S1 as printed: a (I, m), w (O, I), b (O, 1) → Z (O, m): manual.linear with columns instead of rows."""
    z: Array = w @ a + b
    return z


def backward_as_printed(dz: Array, a: Array, w: Array) -> tuple[Array, Array, Array]:
    """S1 as printed: dz (O, m) → dA (I, m), dW (O, I), db (O, 1)."""
    m = a.shape[1]
    return w.T @ dz, dz @ a.T / m, dz.sum(1, keepdims=True) / m


def mean_holds_when(m: int = 100) -> bool:
    """S1 holds when m = 1: dW and db are those of the mean over examples, dA is that of their sum."""
    return m == 1
