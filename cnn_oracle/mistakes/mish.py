"""Wrong derivations of x tanh(softplus(x))."""

import numpy as np

from cnn_oracle.manual import softplus
from cnn_oracle.manual._typing import Array


def inner_derivative_left_out(dy: Array, x: Array) -> tuple[Array]:
    """the derivative of the inner softplus, sigmoid(x), is missing in dx"""
    t = np.tanh(softplus.forward(x))
    return (dy * (t + x * (1 - t * t)),)


def one_added_to_exp(x: Array) -> Array:
    """the softplus is log(1 + exp(x)), which loses the digits of exp(x) below zero; log1p keeps them"""
    y: Array = x * np.tanh(np.log(1 + np.exp(x)))
    return y
