"""Wrong derivations of the Adam step."""

from typing import Any

import numpy as np

from cnn_oracle.manual import adam
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.adam import State

Betas = tuple[float, float]


def bias_not_corrected(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-3, eps: float = 1e-8, **options: Any
) -> tuple[Array, State]:
    """the moments, which begin at zero, are used without bias correction"""
    _, after = adam.step(w, dw, state, lr=lr, eps=eps, **options)
    return w - lr * after.m / (np.sqrt(after.h) + eps), after


def eps_inside_the_root(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-3, betas: Betas = (0.9, 0.999),
    eps: float = 1e-8, **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """eps is added under the square root, not to the square root"""
    _, after = adam.step(w, dw, state, lr=lr, betas=betas, eps=eps, **options)
    c1, c2 = (1 - beta**after.t for beta in betas)
    return w - lr / c1 * after.m / np.sqrt(after.h / c2 + eps), after


def eps_before_the_correction(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-3, betas: Betas = (0.9, 0.999),
    eps: float = 1e-8, **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """eps is added to the root before the bias correction, as in the paper's faster form and in TensorFlow"""
    _, after = adam.step(w, dw, state, lr=lr, betas=betas, eps=eps, **options)
    c1, c2 = (1 - beta**after.t for beta in betas)
    return w - lr * c2**0.5 / c1 * after.m / (np.sqrt(after.h) + eps), after


def correction_of_the_first_step(
    w: Array, dw: Array, state: State | None = None, **options: Any
) -> tuple[Array, State]:
    """the bias correction uses t = 1 in every step"""
    return adam.step(w, dw, None if state is None else state._replace(t=0), **options)


def maximum_of_corrected_moments(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-3, betas: Betas = (0.9, 0.999),
    eps: float = 1e-8, amsgrad: bool = False, **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """amsgrad takes the maximum of the bias-corrected second moments, not of the moments themselves"""
    right, (t, m, v, _) = adam.step(w, dw, state, lr=lr, betas=betas, eps=eps, **options)
    if not amsgrad:
        return right, State(t, m, v, v)
    c1, c2 = (1 - beta**t for beta in betas)
    h = v / c2 if state is None else np.maximum(state.h, v / c2)
    return w - lr / c1 * m / (np.sqrt(h) + eps), State(t, m, v, h)


def weight_decay_decoupled(
    w: Array, dw: Array, state: State | None = None, *, weight_decay: float = 0.0, **options: Any
) -> tuple[Array, State]:
    """weight decay bypasses the moments, as in AdamW"""
    return adam.step((1 - options.get("lr", 1e-3) * weight_decay) * w, dw, state, **options)
