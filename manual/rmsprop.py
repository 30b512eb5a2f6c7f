"""RMSprop, as in torch.optim.RMSprop.   Tieleman & Hinton 2012, lecture 6.5; centered: Graves 2013, arXiv 1308.0850.

g = ±dw + λ w                                             λ weight_decay, − to maximise
v = α v + (1 − α) g²                                      v, a and m begin at 0
a = α a + (1 − α) g                                       used only by centered
d = g / (√v + ε), or g / (√(v − a²) + ε) with centered    ε outside the root
m = μ m + d                                               μ momentum: of the scaled step d, without η
w = w − η m, or w − η d if μ = 0                          η lr
"""

from typing import NamedTuple

import numpy as np

from ._floats import ieee
from ._steps import check, gradient
from ._typing import Array


class State(NamedTuple):
    v: Array
    a: Array
    m: Array


@ieee
def step(
    w: Array, dw: Array, state: State | None = None, *,
    lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0.0,
    momentum: float = 0.0, centered: bool = False, maximize: bool = False,
) -> tuple[Array, State]:  # fmt: skip
    """w and its gradient dw, of the same shape → the next w and state. The first state is None.

    Raises:
        ValueError: torch.optim.RMSprop rejects the hyper-parameters, or dw does not have w's shape and dtype.
    """
    check("rmsprop", w, dw, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum)
    v, a, m = state or State(*[np.zeros_like(w)] * 3)
    g = gradient(w, dw, weight_decay, maximize)
    v = alpha * v + (1 - alpha) * (g * g)
    a = alpha * a + (1 - alpha) * g
    d = g / (np.sqrt(v - a * a if centered else v) + eps)
    m = momentum * m + d
    return w - lr * m, State(v, a, m)
