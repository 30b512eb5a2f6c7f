"""Unlisted wrong derivations of cross-entropy."""

from typing import Any

import numpy as np

from cnn_oracle.manual import cross_entropy, log_softmax, softmax
from cnn_oracle.manual._reduction import reduce, spread
from cnn_oracle.manual._typing import Array


def smoothed_over_the_others(
    x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:  # fmt: skip
    """label_smoothing is shared out to the C − 1 other classes; all C classes get ε/C"""
    options: dict[str, Any] = {"weight": weight, "ignore_index": ignore_index}
    if target.dtype.kind == "f" or not label_smoothing or x.shape[1] < 2:
        return cross_entropy.forward(x, target=target, reduction=reduction, label_smoothing=label_smoothing, **options)
    q, total = cross_entropy._mixture(x, target, weight, ignore_index, 0.0)
    even, _ = cross_entropy._mixture(x, target, weight, ignore_index, 1.0)  # 1/C for each class, times its weight
    others = np.where(q != 0, x.dtype.type(0), even * x.shape[1] / (x.shape[1] - 1))
    mixed = (1 - label_smoothing) * q + label_smoothing * others
    loss = -np.where(mixed == 0, x.dtype.type(0), mixed * log_softmax.forward(x, dim=1)).sum(1)
    return reduce("cross_entropy", loss, reduction, total)


def ignored_samples_in_dx(
    dy: Array, x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> tuple[Array]:  # fmt: skip
    """an ignored sample has the gradient softmax(x), that of a label of no class; it must be 0"""
    options: dict[str, Any] = {"weight": weight, "ignore_index": ignore_index, "label_smoothing": label_smoothing}
    (dx,) = cross_entropy.backward(dy, x, target=target, reduction=reduction, **options)
    if target.dtype.kind == "f":
        return (dx,)
    _, total = cross_entropy._mixture(x, target, weight, ignore_index, label_smoothing)
    dl = spread("cross_entropy", dy, target.shape, reduction, total)
    return (np.where((target == ignore_index)[:, None], softmax.forward(x, dim=1) * dl[:, None], dx),)


def probabilities_taken_to_sum_to_one(
    dy: Array, x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> tuple[Array]:  # fmt: skip
    """dx is softmax(x) − target for a target of probabilities, which is right only where they sum to 1"""
    options: dict[str, Any] = {"weight": weight, "ignore_index": ignore_index, "label_smoothing": label_smoothing}
    if target.dtype.kind != "f":
        return cross_entropy.backward(dy, x, target=target, reduction=reduction, **options)
    q, total = cross_entropy._mixture(x, target, weight, ignore_index, label_smoothing)
    dl = spread("cross_entropy", dy, (x.shape[0], *x.shape[2:]), reduction, total)
    return (dl[:, None] * (softmax.forward(x, dim=1) - q),)
