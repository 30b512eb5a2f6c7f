"""Activations of the series, and their derivatives.

S2   printed  relu max(0, z), sigmoid 1/(1+e^−z), tanh (e^z−e^−z)/(e^z+e^−z), leaky relu max(αz, z), softmax e^z/Σe^z;
              g′ as a function of a = g(z): a > 0, a(1−a), 1−a², 1 or α, a(1−a)
     general  no exponential of a positive number, so that nothing overflows; softmax′ is a matrix (E8); α ≤ 1
"""

import numpy as np

from .._typing import Array


def sigmoid_as_printed(z: Array) -> Array:
    """S2 as printed. For z < −709, e^−z overflows to ∞ and the quotient is 0 instead of e^z."""
    with np.errstate(over="ignore"):
        a: Array = 1 / (1 + np.exp(-z))
    return a


def sigmoid_slope(a: Array) -> Array:
    """S2: g′(z) of a sigmoid from a = g(z)."""
    slope: Array = a * (1 - a)
    return slope


def tanh_as_printed(z: Array) -> Array:
    """S2 as printed."""
    with np.errstate(over="ignore", invalid="ignore"):
        a: Array = (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))
    return a


def tanh_holds_when(z: int = 1) -> bool:
    """S2 holds when e^|z| does not overflow, |z| ≤ 709 in float64: beyond that, tanh and softmax are ∞/∞, NaN."""
    return bool(abs(z) <= np.log(np.finfo(np.float64).max))


def tanh_slope(a: Array) -> Array:
    """S2: g′(z) of a tanh from a = g(z)."""
    slope: Array = 1 - a**2
    return slope


def leaky_relu_as_printed(z: Array, alpha: float = 0.01) -> Array:
    """S2 as printed, max(αz, z): right only for α ≤ 1."""
    return np.maximum(alpha * z, z)


def softmax_as_printed(z: Array) -> Array:
    """S2 as printed, along the last axis."""
    with np.errstate(over="ignore", invalid="ignore"):
        a: Array = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    return a
