"""Unlisted wrong derivations of the Adam step."""

from typing import Any

import numpy as np

from cnn_oracle.manual import adam
from cnn_oracle.manual._steps import gradient
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.adam import State

Betas = tuple[float, float]


def step_counted_afterwards(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-3, betas: Betas = (0.9, 0.999),
    eps: float = 1e-8, **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """the bias correction uses t − 1, so the first step divides by 0"""
    _, after = adam.step(w, dw, state, lr=lr, betas=betas, eps=eps, **options)
    c1, c2 = (w.dtype.type(1 - beta ** (after.t - 1)) for beta in betas)
    return w - lr / c1 * after.m / (np.sqrt(after.h / c2) + eps), after


def gradient_not_squared(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-3, betas: Betas = (0.9, 0.999),
    eps: float = 1e-8, weight_decay: float = 0.0, amsgrad: bool = False, maximize: bool = False,
) -> tuple[Array, State]:  # fmt: skip
    """the second moment averages abs(g), not g²"""
    options: dict[str, Any] = {"weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize}
    _, (t, m, _, _) = adam.step(w, dw, state, lr=lr, betas=betas, eps=eps, **options)
    size = np.abs(gradient(w, dw, weight_decay, maximize))
    v = (1 - betas[1]) * size if state is None else betas[1] * state.v + (1 - betas[1]) * size
    h = np.maximum(v if state is None else state.h, v) if amsgrad else v
    c1, c2 = (1 - beta**t for beta in betas)
    return w - lr / c1 * m / (np.sqrt(h) / c2**0.5 + eps), State(t, m, v, h)


def amsgrad_ignored(
    w: Array, dw: Array, state: State | None = None, *, amsgrad: bool = False, **options: Any
) -> tuple[Array, State]:
    """amsgrad is ignored"""
    return adam.step(w, dw, state, **options)


def betas_exchanged(
    w: Array, dw: Array, state: State | None = None, *, betas: Betas = (0.9, 0.999), **options: Any
) -> tuple[Array, State]:
    """betas are read as (β₂, β₁)"""
    return adam.step(w, dw, state, betas=betas[::-1], **options)
