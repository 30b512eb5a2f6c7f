"""Unlisted wrong derivations of Huber's loss."""

from typing import Any

import numpy as np

from cnn_oracle.manual import huber_loss
from cnn_oracle.manual._reduction import reduce
from cnn_oracle.manual._typing import Array


def not_halved(
    x: Array, target: Array, *, reduction: str = "mean", delta: float = 1.0, weight: Array | None = None
) -> Array:
    """the quadratic part is d², without ½"""
    d = np.abs(x - target)
    loss = np.where(d <= delta, d * d, delta * (d - 0.5 * delta))
    return reduce("huber_loss", loss if weight is None else weight * loss, reduction, x.size)


def target_gradient_left_out(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dtarget is 0: the target is taken for a constant"""
    return huber_loss.backward(dy, x, target, **options)[0], np.zeros_like(target)
