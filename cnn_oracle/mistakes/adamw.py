"""Wrong derivations of the AdamW step."""

from typing import Any

from cnn_oracle.manual import adam, adamw
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual.adam import State
from cnn_oracle.mistakes import adam as of_adam


def weight_decay_coupled(
    w: Array, dw: Array, state: State | None = None, *, weight_decay: float = 1e-2, **options: Any
) -> tuple[Array, State]:
    """weight decay is added to the gradient and goes through the moments, as in Adam"""
    return adam.step(w, dw, state, weight_decay=weight_decay, **options)


def weight_decay_without_lr(
    w: Array, dw: Array, state: State | None = None, *, weight_decay: float = 1e-2, **options: Any
) -> tuple[Array, State]:
    """w is multiplied by 1 − λ, not by 1 − η λ"""
    return adamw.step((1 - weight_decay) * w, dw, state, weight_decay=0.0, **options)


def decayed_after_the_step(
    w: Array, dw: Array, state: State | None = None, *, weight_decay: float = 1e-2, **options: Any
) -> tuple[Array, State]:
    """weight decay is applied to w after Adam's step, not before it"""
    moved, after = adamw.step(w, dw, state, weight_decay=0.0, **options)
    return (1 - options.get("lr", 1e-3) * weight_decay) * moved, after


def eps_before_the_correction(
    w: Array, dw: Array, state: State | None = None, *, weight_decay: float = 1e-2, **options: Any
) -> tuple[Array, State]:
    """eps is added to the root before the bias correction, as in TensorFlow"""
    decayed = (1 - options.get("lr", 1e-3) * weight_decay) * w
    return of_adam.eps_before_the_correction(decayed, dw, state, **options)


def eps_inside_the_root(
    w: Array, dw: Array, state: State | None = None, *, weight_decay: float = 1e-2, **options: Any
) -> tuple[Array, State]:
    """eps is added under the square root, not to the square root"""
    decayed = (1 - options.get("lr", 1e-3) * weight_decay) * w
    return of_adam.eps_inside_the_root(decayed, dw, state, **options)
