"""Wrong derivations of the mean squared error."""

from typing import Any

import numpy as np

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


def mean_not_divided(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the gradients are not divided by N, although the loss is a mean"""
    reduction = "sum" if options.get("reduction", "mean") == "mean" else options["reduction"]
    return mse_loss.backward(dy, x, target, **(options | {"reduction": reduction}))


def dy_left_out(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dy is ignored: the gradients are those for dy = 1"""
    return mse_loss.backward(np.ones_like(dy), x, target, **options)


def mean_over_the_samples(x: Array, target: Array, *, reduction: str = "mean", **options: Any) -> Array:
    """the sum is divided by the size of the first axis, not by the number of elements"""
    if reduction != "mean" or options.get("weight") is not None or not x.ndim:
        return mse_loss.forward(x, target, reduction=reduction, **options)
    y: Array = mse_loss.forward(x, target, reduction="sum", **options) / x.dtype.type(len(x))
    return y
