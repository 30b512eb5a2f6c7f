"""Adagrad, as in torch.optim.Adagrad.   Duchi, Hazan & Singer 2011, JMLR 12.

g = ±dw + λ w                                             λ weight_decay, − to maximise
v = v + g²                                                v begins at initial_accumulator_value
w = w − η/(1 + (t−1) δ) · g / (√v + ε)                    η lr, δ lr_decay, t = 1, 2, … the step
"""

from typing import NamedTuple

import numpy as np

from ._floats import ieee
from ._steps import check, gradient
from ._typing import Array


class State(NamedTuple):
    t: int  # steps made
    v: Array


@ieee
def step(
    w: Array, dw: Array, state: State | None = None, *,
    lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0, eps: float = 1e-10, maximize: bool = False,
) -> tuple[Array, State]:  # fmt: skip
    """w and its gradient dw, of the same shape → the next w and state. The first state is None.

    Raises:
        ValueError: torch.optim.Adagrad rejects the hyper-parameters, or dw does not have w's shape and dtype.
    """
    check("adagrad", w, dw, lr=lr, lr_decay=lr_decay, weight_decay=weight_decay,
          initial_accumulator_value=initial_accumulator_value, eps=eps)  # fmt: skip
    t, v = state or State(0, np.full_like(w, initial_accumulator_value))
    g = gradient(w, dw, weight_decay, maximize)
    v = v + g * g
    return w - lr / (1 + t * lr_decay) * g / (np.sqrt(v) + eps), State(t + 1, v)
