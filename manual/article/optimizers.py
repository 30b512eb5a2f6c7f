"""Gradient descent, and the optimisers of the series.

E15  printed  W = W − α dW, b = b − α db
     general  the same: torch's SGD without options
S5   printed  momentum v = βv + (1−β) dW, W = W − αv; RMSprop s = βs + (1−β) dW², W = W − α dW/(√s+ε);
              Adam, both: W = W − αv/(√s+ε); v and s begin at 0
     general  torch's SGD begins its buffer at the first gradient, undamped; its Adam divides v by 1−β₁ᵗ and s by 1−β₂ᵗ
"""

import numpy as np

from .._typing import Array


def momentum_as_printed(w: Array, dw: Array, v: Array, *, lr: float, beta: float) -> tuple[Array, Array]:
    """S5 as printed: w, its gradient and v (0 at first) → the next w and v."""
    v = beta * v + (1 - beta) * dw
    return w - lr * v, v


def momentum_holds_when(beta_in_eighths: int = 7, first_gradient: int = 1) -> bool:
    """S5 holds when β = 0 or the first gradient is 0: otherwise SGD with dampening β starts from dW, not (1−β) dW."""
    return beta_in_eighths == 0 or first_gradient == 0


def rmsprop_as_printed(w: Array, dw: Array, s: Array, *, lr: float, beta: float, eps: float) -> tuple[Array, Array]:
    """S5 as printed, eps outside the root: w, its gradient and s (0 at first) → the next w and s."""
    s = beta * s + (1 - beta) * dw * dw
    return w - lr * dw / (np.sqrt(s) + eps), s


def adam_as_printed(
    w: Array, dw: Array, v: Array, s: Array, *, lr: float, betas: tuple[float, float], eps: float
) -> tuple[Array, Array, Array]:
    """S5 as printed, without bias correction: w, its gradient, v and s (0 at first) → the next w, v and s."""
    v = betas[0] * v + (1 - betas[0]) * dw
    s = betas[1] * s + (1 - betas[1]) * dw * dw
    return w - lr * v / (np.sqrt(s) + eps), v, s


def adam_excess(t: int, betas: tuple[float, float]) -> float:
    """S5: by what factor Adam's step t = 1, 2, … is too long without bias correction: (1−β₁ᵗ)/√(1−β₂ᵗ), eps ignored."""
    return float((1 - betas[0] ** t) / np.sqrt(1 - betas[1] ** t))
