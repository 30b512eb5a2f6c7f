"""Regularisation of the series.

S4   printed  J + λ/2m ‖w‖₂, where ‖w‖₂ = Σ w²; and ‖w‖₁ = Σ |w|
     general  ‖w‖₂ = √Σ w²; it is λ/2 Σ w², the square, whose gradient is weight_decay's λ w; |0|′ = 0
S6   printed  inverted dropout: a = a · mask, a = a/(1−p)
     general  y = x · mask/(1−p), the mask an argument; 0 where p = 1; x is not changed
"""

import numpy as np

from .._typing import Array


def l1(w: Array) -> Array:
    """S4: Σ |w|."""
    return np.asarray(np.abs(w).sum())


def l1_gradient(w: Array) -> Array:
    """S4: the sign of w, 0 at 0."""
    return np.asarray(np.sign(w))


def l2(w: Array) -> Array:
    """S4: the norm, √Σ w²."""
    return np.asarray(np.sqrt((w * w).sum()))


def l2_as_printed(w: Array) -> Array:
    """S4 as printed: Σ w², which is the norm's square."""
    return np.asarray((w * w).sum())


def l2_penalty_gradient(w: Array, decay: float) -> Array:
    """S4: the gradient of λ/2 Σ w², λ w, which torch.optim calls weight_decay."""
    return decay * w


def l2_holds_when(k: int = 3, v: int = 2) -> bool:
    """S4 holds when Σ w² is 0 or 1: k weights of value v, k v² ≤ 1."""
    return k * v * v <= 1


def dropout_as_printed(a: Array, mask: Array, p: float) -> Array:
    """S6 as printed: in place, so that the caller's array is overwritten; p the probability to drop, 0/0 for p = 1."""
    a *= mask
    with np.errstate(invalid="ignore"):
        a /= 1 - p
    return a


def dropout_holds_when(percent: int = 50) -> bool:
    """S6 holds when p < 1: something is kept."""
    return percent < 100
