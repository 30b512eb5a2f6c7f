"""Unlisted wrong derivations of the Gaussian error linear unit."""

from math import pi, sqrt

import numpy as np

from cnn_oracle.manual import gelu
from cnn_oracle.manual._typing import Array


def constant_of_four_digits(x: Array, *, approximate: str = "none") -> Array:
    """√(2/π) is rounded to 0.7979 in the tanh form"""
    if approximate == "none":
        return gelu.forward(x)
    y: Array = x * (0.5 * (1 + np.tanh(0.7979 * (x + gelu.KAPPA * x**3))))
    return y


def error_function_by_a_polynomial(x: Array, *, approximate: str = "none") -> Array:
    """erf is the polynomial 7.1.26 of Abramowitz and Stegun, which has seven digits"""
    if approximate != "none":
        return gelu.forward(x, approximate=approximate)
    z = np.abs(x) / sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    terms = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    total = 0 * t
    for term in terms:
        total = (total + term) * t
    y: Array = x * 0.5 * (1 + np.sign(x) * (1 - total * np.exp(-z * z)))
    return y


def cubic_not_tripled(dy: Array, x: Array, *, approximate: str = "none") -> tuple[Array]:
    """in the tanh form dz/dx is √(2/π) (1 + κ x²): the 3 of the cube's derivative is missing"""
    if approximate == "none":
        return gelu.backward(dy, x)
    t = np.tanh(sqrt(2 / pi) * (x + gelu.KAPPA * x**3))
    return (dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * sqrt(2 / pi) * (1 + gelu.KAPPA * x * x)),)


def density_not_normalised(dy: Array, x: Array, *, approximate: str = "none") -> tuple[Array]:
    """in the exact form φ is exp(−x²/2): its factor 1/√(2π) is missing"""
    (dx,) = gelu.backward(dy, x, approximate=approximate)
    return (dx if approximate != "none" else dx + dy * x * np.exp(-x * x / 2) * (1 - 1 / sqrt(2 * pi)),)


def pi_of_three_digits(dy: Array, x: Array, *, approximate: str = "none") -> tuple[Array]:
    """in the exact form the factor of φ is 1/√(2 · 3.14)"""
    (dx,) = gelu.backward(dy, x, approximate=approximate)
    phi = np.exp(-x * x / 2)
    return (dx if approximate != "none" else dx + dy * x * phi * (1 / sqrt(6.28) - 1 / sqrt(2 * pi)),)
