"""Wrong derivations of the mean squared error."""

from typing import Any

from cnn_oracle.manual import mse_loss
from cnn_oracle.manual._typing import Array


def two_left_out(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the factor 2 of the square's derivative is missing in the gradients"""
    dx, dtarget = mse_loss.backward(dy, x, target, **options)
    return dx / 2, dtarget / 2


def sign_of_the_target_lost(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dtarget is dx, not −dx"""
    dx, _ = mse_loss.backward(dy, x, target, **options)
    return dx, dx.copy()
