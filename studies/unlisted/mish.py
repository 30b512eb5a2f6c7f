"""Unlisted wrong derivations of mish."""

import numpy as np

from cnn_oracle.manual._typing import Array


def closed_form_overflows(dy: Array, x: Array) -> tuple[Array]:
    """dx is exp(x) ω/δ², with δ = 2 eˣ + e²ˣ + 2, which is ∞/∞ where x is large"""
    e = np.exp(x)
    omega = 4 * (x + 1) + 4 * e**2 + e**3 + e * (4 * x + 6)
    delta = 2 * e + e**2 + 2
    return (dy * e * omega / delta**2,)


def sigmoid_for_the_softplus(x: Array) -> Array:
    """y is x tanh(sigmoid(x)); x tanh(softplus(x)) is right"""
    y: Array = x * np.tanh(1 / (1 + np.exp(-x)))
    return y
