"""Unlisted wrong derivations of the Kullback–Leibler divergence."""

from typing import Any

import numpy as np

from cnn_oracle.manual import kl_div
from cnn_oracle.manual._reduction import reduce
from cnn_oracle.manual._typing import Array


def divergence_reversed(x: Array, target: Array, *, reduction: str = "mean", log_target: bool = False) -> Array:
    """the loss is the divergence of exp(x) from the target, exp(x) (x − log t); t (log t − x) is right"""
    log_t = target if log_target else np.log(target)
    return reduce("kl_div", np.exp(x) * (x - log_t), *kl_div._mean(x, reduction))


def log_target_left_out_of_dx(
    dy: Array, x: Array, target: Array, *, log_target: bool = False, **options: Any
) -> tuple[Array, Array]:
    """dx is −target also with log_target; then exp(target) must be taken"""
    return (
        kl_div.backward(dy, x, target, **options)[0],
        kl_div.backward(dy, x, target, log_target=log_target, **options)[1],
    )
