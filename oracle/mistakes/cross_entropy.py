"""Wrong derivations of the cross-entropy."""

from typing import Any

import numpy as np

from manual import cross_entropy
from manual._typing import Array


def mean_not_divided(dy: Array, x: Array, *, target: Array, **options: Any) -> tuple[Array]:
    """the 1/N of the mean is missing in dx"""
    reduction = "sum" if options.get("reduction", "mean") == "mean" else options["reduction"]
    return cross_entropy.backward(dy, x, target=target, **(options | {"reduction": reduction}))


def dy_left_out(dy: Array, x: Array, *, target: Array, **options: Any) -> tuple[Array]:
    """dx is probability minus one-hot whatever dy is"""
    return cross_entropy.backward(np.ones_like(dy), x, target=target, **options)


def smoothing_left_out(dy: Array, x: Array, *, target: Array, **options: Any) -> tuple[Array]:
    """dx knows nothing of label_smoothing"""
    return cross_entropy.backward(dy, x, target=target, **(options | {"label_smoothing": 0.0}))
