"""Wrong derivations of the SGD step."""

from typing import Any

from manual import sgd
from manual._typing import Array

Step = tuple[Array, Array | None]


def nesterov_without_lookahead(
    w: Array, dw: Array, state: Array | None = None, *, nesterov: bool = False, **options: Any
) -> Step:
    """nesterov steps along the buffer m itself, without the look-ahead g + μ m"""
    return sgd.step(w, dw, state, **options)


def buffer_begins_at_zero(w: Array, dw: Array, state: Array | None = None, **options: Any) -> Step:
    """the momentum buffer begins at zero, so that dampening weakens the first step too, as S5 is printed"""
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
    """dampening is not applied"""
    return sgd.step(w, dw, state, **options)
