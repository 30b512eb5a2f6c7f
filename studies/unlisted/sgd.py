"""Unlisted wrong derivations of the SGD step."""

from typing import Any

from cnn_oracle.manual import sgd
from cnn_oracle.manual._typing import Array

Step = tuple[Array, Array | None]


def decay_negated_by_maximize(
    w: Array, dw: Array, state: Array | None = None, *, weight_decay: float = 0.0, maximize: bool = False,
    **options: Any,
) -> Step:  # fmt: skip
    """maximize negates the gradient after weight decay is added, so the decay enlarges w"""
    decay = -weight_decay if maximize else weight_decay
    g = -dw if maximize else dw
    return sgd.step(w, g + decay * w if decay else g, state, **options)


def gradient_averaged(
    w: Array, dw: Array, state: Array | None = None, *, momentum: float = 0.0, **options: Any
) -> Step:
    """the momentum buffer is an average, μ m + (1 − μ) g, as in Adam; μ m + (1 − τ) g is right"""
    if not momentum or options.get("nesterov"):
        return sgd.step(w, dw, state, momentum=momentum, **options)
    return sgd.step(w, dw, state, momentum=momentum, **(options | {"dampening": momentum}))


def rate_squared(w: Array, dw: Array, state: Array | None = None, *, lr: float = 1e-3, **options: Any) -> Step:
    """the step is multiplied by lr twice: in the buffer and in the update"""
    return sgd.step(w, dw, state, lr=lr * lr, **options)
