"""Wrong derivations of softplus."""

import numpy as np

from cnn_oracle.manual import softplus
from cnn_oracle.manual._typing import Array


def beta_counted_twice(dy: Array, x: Array, *, beta: float = 1.0, threshold: float = 20.0) -> tuple[Array]:
    """dx has an extra factor β: the 1/β in front of the logarithm is missing"""
    return (softplus.backward(dy, x, beta=beta, threshold=threshold)[0] * dy.dtype.type(beta),)


def threshold_on_x(x: Array, *, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """the threshold is compared with x, not with βx"""
    return softplus.forward(x, beta=beta, threshold=threshold * beta)


def one_added_to_exp(x: Array, *, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """y is log(1 + exp(βx)), which loses the digits of exp(βx) below zero; log1p keeps them"""
    bx = beta * x
    y: Array = np.where(bx > threshold, x, np.log(1 + np.exp(bx)) / x.dtype.type(beta))
    return y
