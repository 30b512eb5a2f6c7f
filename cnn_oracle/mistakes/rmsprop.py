"""Wrong derivations of the RMSprop step."""

from typing import Any

import numpy as np

from cnn_oracle.manual import rmsprop
from cnn_oracle.manual._steps import gradient
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.rmsprop import State


def eps_inside_the_root(
    w: Array, dw: Array, state: State | None = None, *, momentum: float = 0.0, **options: Any
) -> tuple[Array, State]:
    """eps is added to v under the square root, as in Keras, not to the square root"""
    _, (v, a, _) = rmsprop.step(w, dw, state, **options)
    g = gradient(w, dw, options.get("weight_decay", 0.0), options.get("maximize", False))
    d = g / np.sqrt((v - a * a if options.get("centered") else v) + options.get("eps", 1e-8))
    m = d if state is None else momentum * state.m + d
    return w - options.get("lr", 1e-2) * m, State(v, a, m)


def momentum_of_the_gradient(
    w: Array, dw: Array, state: State | None = None, *, momentum: float = 0.0, maximize: bool = False,
    weight_decay: float = 0.0, **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """the momentum buffer sums the gradients and is then scaled; each must be scaled before it is added"""
    g = gradient(w, dw, weight_decay, maximize)
    _, (v, a, _) = rmsprop.step(w, g, state, **options)
    m = g if state is None else momentum * state.m + g
    d = m / (np.sqrt(v - a * a if options.get("centered") else v) + options.get("eps", 1e-8))
    return w - options.get("lr", 1e-2) * d, State(v, a, m)


def mean_not_subtracted(
    w: Array, dw: Array, state: State | None = None, *, centered: bool = False, **options: Any
) -> tuple[Array, State]:
    """centered is ignored: the second moment is used as the variance"""
    return rmsprop.step(w, dw, state, **options)


def alpha_reversed(
    w: Array, dw: Array, state: State | None = None, *, alpha: float = 0.99, **options: Any
) -> tuple[Array, State]:
    """alpha multiplies the new squared gradient, not the old average"""
    return rmsprop.step(w, dw, state, alpha=1 - alpha, **options)


def average_begins_at_one(w: Array, dw: Array, state: State | None = None, **options: Any) -> tuple[Array, State]:
    """the mean square begins at 1, not at 0, so the first steps are shorter"""
    return rmsprop.step(w, dw, state or State(w * 0 + 1, w * 0, w * 0), **options)
