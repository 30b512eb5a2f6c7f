"""Adam, as in torch.optim.Adam.   Kingma & Ba 2015, arXiv 1412.6980; amsgrad: Reddi, Kale & Kumar 2018.

g = ±dw + λ w                                             λ weight_decay, − to maximise
m = β₁ m + (1 − β₁) g                                     m, v and h begin at 0
v = β₂ v + (1 − β₂) g²
h = max(h, v) with amsgrad, else v                        the maximum of the uncorrected moments
w = w − η/(1 − β₁ᵗ) · m / (√h / √(1 − β₂ᵗ) + ε)           η lr, t = 1, 2, … the step; ε after the correction
"""

from typing import NamedTuple

import numpy as np

from ._floats import ieee
from ._steps import check, gradient
from ._typing import Array


class State(NamedTuple):
    t: int  # steps made
    m: Array
    v: Array
    h: Array


@ieee
def step(
    w: Array, dw: Array, state: State | None = None, *,
    lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.0,
    amsgrad: bool = False, maximize: bool = False,
) -> tuple[Array, State]:  # fmt: skip
    """w and its gradient dw, of the same shape → the next w and state. The first state is None.

    Raises:
        ValueError: torch.optim.Adam rejects the hyper-parameters, or dw does not have w's shape and dtype.
    """
    check("adam", w, dw, betas=betas, lr=lr, eps=eps, weight_decay=weight_decay)
    t, m, v, h = state or State(0, *[np.zeros_like(w)] * 3)
    t, (b1, b2) = t + 1, betas
    g = gradient(w, dw, weight_decay, maximize)
    m = b1 * m + (1 - b1) * g
    v = b2 * v + (1 - b2) * (g * g)
    h = np.maximum(h, v) if amsgrad else v
    return w - lr / (1 - b1**t) * m / (np.sqrt(h) / (1 - b2**t) ** 0.5 + eps), State(t, m, v, h)
