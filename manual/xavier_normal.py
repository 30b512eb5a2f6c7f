"""An initialiser for layers that keep their input's scale. Glorot & Bengio 2010, Understanding the difficulty of …

σ  = g √(2/(fan_in + fan_out))            the mean of the fans that keep forward's and backward's variance; g gain
y  = σ z                                  z standard normal
dz = σ dy
"""

from ._geometry import same_shape
from ._initial import xavier
from ._typing import Array


def forward(z: Array, *, gain: float = 1.0) -> Array:
    """z (O, I, …), standard normal → y, a weight of the same shape, of standard deviation σ.

    Raises:
        ValueError: z has fewer than two axes, or both fans are 0.
    """
    y: Array = xavier("xavier_normal", z, gain) * z
    return y


def backward(dy: Array, z: Array, *, gain: float = 1.0) -> tuple[Array]:
    """dy of z's shape → dz."""
    same_shape("xavier_normal", dy, z)
    return (xavier("xavier_normal", z, gain) * dy,)
