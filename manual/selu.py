"""Scaled exponential linear unit, Klambauer et al. 2017: elu with the constants that keep mean 0 and variance 1.

y  = λ elu(x)                                              elu with α
dx = λ delu(dy)                                            so λ α at x = 0
"""

from . import elu
from ._elementwise import elementwise
from ._geometry import same_shape
from ._typing import Array

SCALE = 1.0507009873554804934193349852946  # λ
ALPHA = 1.6732632423543772848170429916717  # α


@elementwise
def forward(x: Array) -> Array:
    """x of any shape → y of the same shape."""
    return SCALE * elu.forward(x, alpha=ALPHA)


@elementwise
def backward(dy: Array, x: Array) -> tuple[Array]:
    """dy, x of the same shape → dx."""
    same_shape("selu", dy, x)
    (dx,) = elu.backward(dy, x, alpha=ALPHA)
    return (SCALE * dx,)
