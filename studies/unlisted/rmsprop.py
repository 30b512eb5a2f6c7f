"""Unlisted wrong derivations of the RMSprop step."""

from typing import Any

import numpy as np

from cnn_oracle.manual import rmsprop
from cnn_oracle.manual._steps import gradient
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.rmsprop import State


def mean_not_squared(
    w: Array, dw: Array, state: State | None = None, *, centered: bool = False, momentum: float = 0.0, **options: Any
) -> tuple[Array, State]:
    """centered takes v − a for the variance, not v − a²"""
    right, (v, a, m) = rmsprop.step(w, dw, state, centered=centered, momentum=momentum, **options)
    if not centered:
        return right, State(v, a, m)
    g = gradient(w, dw, options.get("weight_decay", 0.0), options.get("maximize", False))
    d = g / (np.sqrt(np.abs(v - a)) + options.get("eps", 1e-8))
    m = d if state is None else momentum * state.m + d
    return w - options.get("lr", 1e-2) * m, State(v, a, m)


def step_averaged(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-2, momentum: float = 0.0, **options: Any
) -> tuple[Array, State]:
    """the momentum buffer is an average, μ m + (1 − μ) d; μ m + d is right"""
    return rmsprop.step(w, dw, state, lr=lr * (1 - momentum), momentum=momentum, **options)


def old_average_divides(w: Array, dw: Array, state: State | None = None, **options: Any) -> tuple[Array, State]:
    """the gradient is divided by the root of the mean square before it takes in this gradient"""
    _, (v, a, _) = rmsprop.step(w, dw, state, **options)
    before = State(0 * w, 0 * w, 0 * w) if state is None else state
    g = gradient(w, dw, options.get("weight_decay", 0.0), options.get("maximize", False))
    variance = before.v - before.a**2 if options.get("centered") else before.v
    m = options.get("momentum", 0.0) * before.m + g / (np.sqrt(variance) + options.get("eps", 1e-8))
    return w - options.get("lr", 1e-2) * m, State(v, a, m)
