"""Unlisted wrong derivations of the Adagrad step."""

from typing import Any

import numpy as np

from cnn_oracle.manual import adagrad
from cnn_oracle.manual._steps import gradient
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.adagrad import State


def rate_decays_geometrically(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-2, lr_decay: float = 0.0, **options: Any
) -> tuple[Array, State]:
    """the rate is lr/(1 + δ)^(t−1); lr/(1 + (t−1) δ) is right"""
    t = 0 if state is None else state.t
    return adagrad.step(w, dw, state, lr=lr / (1 + lr_decay) ** t, **options)


def decay_left_out_of_the_accumulator(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-2, lr_decay: float = 0.0,
    weight_decay: float = 0.0, eps: float = 1e-10, maximize: bool = False, **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """v sums the squares of the gradient without weight decay"""
    _, after = adagrad.step(w, dw, state, lr=lr, lr_decay=lr_decay, eps=eps, maximize=maximize, **options)
    g = gradient(w, dw, weight_decay, maximize)
    return w - lr / (1 + (after.t - 1) * lr_decay) * g / (np.sqrt(after.v) + eps), after


def root_left_out(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-2, lr_decay: float = 0.0,
    weight_decay: float = 0.0, eps: float = 1e-10, maximize: bool = False, **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """the gradient is divided by v + ε: the root of v is missing"""
    rest: dict[str, Any] = {"weight_decay": weight_decay, "maximize": maximize} | options
    _, after = adagrad.step(w, dw, state, lr=lr, lr_decay=lr_decay, eps=eps, **rest)
    g = gradient(w, dw, weight_decay, maximize)
    return w - lr / (1 + (after.t - 1) * lr_decay) * g / (after.v + eps), after
