"""Unlisted wrong derivations of the AdamW step."""

from typing import Any

from cnn_oracle.manual import adamw
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.adam import State


def no_decay_by_default(
    w: Array, dw: Array, state: State | None = None, *, weight_decay: float = 0.0, **options: Any
) -> tuple[Array, State]:
    """weight_decay is 0 by default, as in Adam; it must be 0.01"""
    return adamw.step(w, dw, state, weight_decay=weight_decay, **options)


def decay_negated_by_maximize(
    w: Array, dw: Array, state: State | None = None, *, lr: float = 1e-3, weight_decay: float = 1e-2,
    maximize: bool = False, **options: Any,
) -> tuple[Array, State]:  # fmt: skip
    """maximize also negates the decay: w is multiplied by 1 + η λ"""
    decay = lr * weight_decay
    w = w * (1 + decay if maximize else 1 - decay)
    return adamw.step(w, dw, state, lr=lr, weight_decay=0.0, maximize=maximize, **options)
