"""Unlisted wrong derivations of the negative log-likelihood."""

from typing import Any

import numpy as np

from cnn_oracle.manual import nll_loss
from cnn_oracle.manual._reduction import reduce
from cnn_oracle.manual._typing import Array


def labels_from_one(x: Array, *, target: Array, ignore_index: int = -100, **options: Any) -> Array:
    """labels count from 1: label t selects class t − 1, and label 0 the last class"""
    shifted = np.where(target == ignore_index, target, (target - 1) % x.shape[1])
    if (shifted == ignore_index).any() and not (target == ignore_index).all():
        return nll_loss.forward(x, target=target, ignore_index=ignore_index, **options)
    return nll_loss.forward(x, target=shifted, ignore_index=ignore_index, **options)


def multiplied_by_one_hot(
    x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Array:
    """the loss sums one-hot times x, so 0 · ∞ makes it NaN where another class has the log-probability −∞"""
    label, v = nll_loss.labels("nll_loss", x, target, weight, ignore_index)
    one_hot = np.zeros_like(x)
    np.put_along_axis(one_hot, label[:, None], v[:, None], 1)
    return reduce("nll_loss", -(one_hot * x).sum(1), reduction, v.sum())


def weight_left_out_of_dx(dy: Array, x: Array, *, weight: Array | None = None, **options: Any) -> tuple[Array]:
    """dx ignores the class weights"""
    return nll_loss.backward(dy, x, **options)
