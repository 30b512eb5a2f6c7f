"""Wrong derivations of the Adagrad step."""

from typing import Any

import numpy as np

from cnn_oracle.manual import adagrad
from cnn_oracle.manual._steps import gradient
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.adagrad import State


def eps_inside_the_root(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-2, lr_decay: float = 0.0, eps: float = 1e-10,
    **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """eps is added to v under the square root, not to the square root"""
    _, (t, v) = adagrad.step(w, dw, state, lr=lr, lr_decay=lr_decay, eps=eps, **options)
    g = gradient(w, dw, options.get("weight_decay", 0.0), options.get("maximize", False))
    return w - lr / (1 + (t - 1) * lr_decay) * g / np.sqrt(v + eps), State(t, v)


def decay_counts_the_first_step(w: Array, dw: Array, state: State | None = None, **options: Any) -> tuple[Array, State]:
    """lr_decay counts steps from 1, not from 0, so the first step is already smaller"""
    t, v = state or State(0, np.full_like(w, options.get("initial_accumulator_value", 0.0)))
    w, (_, v) = adagrad.step(w, dw, State(t + 1, v), **options)
    return w, State(t + 1, v)


def square_left_out(w: Array, dw: Array, state: State | None = None, **options: Any) -> tuple[Array, State]:
    """v is reset to its initial value before each step; it must accumulate the squared gradients"""
    start = State(0, np.full_like(w, options.get("initial_accumulator_value", 0.0)))
    return adagrad.step(w, dw, start if state is None else State(state.t, start.v), **options)
