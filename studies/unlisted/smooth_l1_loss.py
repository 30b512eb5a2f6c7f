"""Unlisted wrong derivations of the smooth absolute error."""

from typing import Any

import numpy as np

from cnn_oracle.manual import smooth_l1_loss
from cnn_oracle.manual._reduction import reduce
from cnn_oracle.manual._typing import Array


def half_beta_not_subtracted(x: Array, target: Array, *, reduction: str = "mean", beta: float = 1.0) -> Array:
    """the linear part is abs(d), not abs(d) − β/2, so the loss jumps at β"""
    d = np.abs(x - target)
    loss = np.where(d < beta, 0.5 * d * d / beta if beta else d, d)
    return reduce("smooth_l1_loss", loss, reduction, x.size)


def beta_left_out_of_the_gradients(
    dy: Array, x: Array, target: Array, *, beta: float = 1.0, **options: Any
) -> tuple[Array, Array]:
    """the gradients ignore beta: it is always 1"""
    return smooth_l1_loss.backward(dy, x, target, **options)
