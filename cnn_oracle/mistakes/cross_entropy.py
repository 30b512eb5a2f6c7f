"""Wrong derivations of the cross-entropy."""

from typing import Any

import numpy as np

from cnn_oracle.manual import cross_entropy
from cnn_oracle.manual._typing import Array


def mean_not_divided(dy: Array, x: Array, *, target: Array, **options: Any) -> tuple[Array]:
    """dx is not divided by N, although the loss is a mean"""
    reduction = "sum" if options.get("reduction", "mean") == "mean" else options["reduction"]
    return cross_entropy.backward(dy, x, target=target, **(options | {"reduction": reduction}))


def dy_left_out(dy: Array, x: Array, *, target: Array, **options: Any) -> tuple[Array]:
    """dy is ignored: dx is that for dy = 1, probability minus one-hot"""
    return cross_entropy.backward(np.ones_like(dy), x, target=target, **options)


def smoothing_left_out(dy: Array, x: Array, *, target: Array, **options: Any) -> tuple[Array]:
    """dx ignores label_smoothing"""
    return cross_entropy.backward(dy, x, target=target, **(options | {"label_smoothing": 0.0}))


def mean_over_the_count(
    x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean",
    **options: Any,
) -> Array:  # fmt: skip
    """the weighted mean is divided by the number of labels, not by the sum of their weights"""
    options |= {"target": target, "weight": weight, "ignore_index": ignore_index}
    if target.dtype.kind == "f" or weight is None or reduction != "mean":
        return cross_entropy.forward(x, reduction=reduction, **options)
    y: Array = cross_entropy.forward(x, reduction="sum", **options) / x.dtype.type((target != ignore_index).sum())
    return y


def probabilities_not_weighted(x: Array, *, target: Array, weight: Array | None = None, **options: Any) -> Array:
    """class weights are applied only to labels, not to a target of probabilities"""
    weight = None if target.dtype.kind == "f" else weight
    return cross_entropy.forward(x, target=target, weight=weight, **options)
