"""Wrong derivations of the SGD step."""

from typing import Any

from cnn_oracle.manual import sgd
from cnn_oracle.manual._typing import Array

Step = tuple[Array, Array | None]


def nesterov_without_lookahead(
    w: Array, dw: Array, state: Array | None = None, *, nesterov: bool = False, **options: Any
) -> Step:
    """nesterov is ignored: the step is along m, not along g + μ m"""
    return sgd.step(w, dw, state, **options)


def nesterov_by_the_new_buffer(
    w: Array, dw: Array, state: Array | None = None, *, lr: float = 1e-3, momentum: float = 0.0,
    nesterov: bool = False, **options: Any,
) -> Step:  # fmt: skip
    """nesterov steps along (1 + μ) g + μ² m with the new buffer m, as in Chainer; the old m is right"""
    moved, m = sgd.step(w, dw, state, lr=lr, momentum=momentum, nesterov=nesterov, **options)
    if m is None or not nesterov:
        return moved, m
    return moved - lr * momentum**2 * (m - (0 * w if state is None else state)), m


def buffer_begins_at_zero(w: Array, dw: Array, state: Array | None = None, **options: Any) -> Step:
    """the momentum buffer begins at 0 (S5 as printed), so dampening weakens the first step too"""
    return sgd.step(w, dw, 0 * w if state is None else state, **options)


def weight_decay_decoupled(
    w: Array, dw: Array, state: Array | None = None, *, weight_decay: float = 0.0, **options: Any
) -> Step:
    """weight decay bypasses the momentum buffer, as in AdamW"""
    decayed, m = sgd.step(w, dw, state, **options)
    return decayed - options.get("lr", 1e-3) * weight_decay * w, m


def dampening_ignored(
    w: Array, dw: Array, state: Array | None = None, *, dampening: float = 0.0, **options: Any
) -> Step:
    """dampening is ignored"""
    return sgd.step(w, dw, state, **options)
