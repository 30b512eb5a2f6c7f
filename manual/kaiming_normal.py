"""An initialiser for layers after a rectifier. He et al. 2015, arXiv 1502.01852, section 2.2.

σ  = g/√fan                               fan_in keeps forward's variance, fan_out backward's
g  = √(2/(1 + a²)) for leaky_relu of slope a, √2 for relu, 5/3 tanh, 3/4 selu, 1 linear, sigmoid and convolutions
y  = σ z                                  z standard normal
dz = σ dy
"""

from ._geometry import same_shape
from ._initial import kaiming
from ._typing import Array


def forward(z: Array, *, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Array:
    """z (O, I, …), standard normal → y, a weight of the same shape, of standard deviation σ.

    Raises:
        ValueError: z has fewer than two axes, or PyTorch has no such mode or nonlinearity.
    """
    y: Array = kaiming("kaiming_normal", z, a, mode, nonlinearity) * z
    return y


def backward(
    dy: Array, z: Array, *, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> tuple[Array]:
    """dy of z's shape → dz."""
    same_shape("kaiming_normal", dy, z)
    return (kaiming("kaiming_normal", z, a, mode, nonlinearity) * dy,)
