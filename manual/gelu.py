"""x times the normal distribution's Φ, Hendrycks and Gimpel 2016.   Formula E8.

y  = x Φ                       Φ = (1 + erf(x/√2))/2
dx = dy (Φ + x φ)              φ = exp(−x²/2)/√(2π)

approximate="tanh" uses Φ = (1 + tanh z)/2 with z = √(2/π) (x + κ x³), and φ = (1 − tanh² z)/2 · dz/dx.
"""

from math import pi, sqrt

import numpy as np

from ._elementwise import elementwise
from ._erf import erf
from ._errors import invalid
from ._geometry import same_shape
from ._typing import Array

KAPPA = 0.044715


@elementwise  # −∞ · 0 is NaN, as in PyTorch
def forward(x: Array, *, approximate: str = "none") -> Array:
    """x of any shape → y of the same shape.

    Raises:
        ValueError: ``approximate`` is neither "none" nor "tanh".
    """
    if approximate == "none":
        return x * (0.5 * (1 + erf(x / sqrt(2))))
    y: Array = x * (0.5 * (1 + np.tanh(_z(x, approximate))))
    return y


@elementwise
def backward(dy: Array, x: Array, *, approximate: str = "none") -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("gelu", dy, x)
    if approximate == "none":
        return (dy * (0.5 * (1 + erf(x / sqrt(2))) + x * (np.exp(-x * x / 2) / sqrt(2 * pi))),)
    t = np.tanh(_z(x, approximate))
    dz = sqrt(2 / pi) * (1 + 3 * KAPPA * (x * x))
    return (dy * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * dz),)


def _z(x: Array, approximate: str) -> Array:
    if approximate != "tanh":
        raise invalid("gelu", "approximate must be 'none' or 'tanh'", x=x, approximate=approximate)
    return sqrt(2 / pi) * (x + KAPPA * (x * x * x))
