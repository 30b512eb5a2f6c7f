"""An initialiser for layers after a rectifier. He et al. 2015, arXiv 1502.01852, section 2.2.

σ  = g/√fan                               fan_in keeps forward's variance, fan_out backward's
g  = √(2/(1 + a²)) for leaky_relu of slope a, √2 for relu, 5/3 tanh, 3/4 selu, 1 linear, sigmoid and convolutions
y  = √3 σ u                               u uniform in ±1
du = √3 σ dy
"""

from ._geometry import same_shape
from ._initial import kaiming
from ._typing import Array


def forward(u: Array, *, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Array:
    """u (O, I, …), uniform in ±1 → y, a weight of the same shape, uniform in ±√3 σ.

    Raises:
        ValueError: u has fewer than two axes, or PyTorch has no such mode or nonlinearity.
    """
    y: Array = 3**0.5 * kaiming("kaiming_uniform", u, a, mode, nonlinearity) * u
    return y


def backward(
    dy: Array, u: Array, *, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> tuple[Array]:
    """dy of u's shape → du."""
    same_shape("kaiming_uniform", dy, u)
    return (3**0.5 * kaiming("kaiming_uniform", u, a, mode, nonlinearity) * dy,)
