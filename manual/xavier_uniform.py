"""An initialiser for layers that keep their input's scale. Glorot & Bengio 2010, Understanding the difficulty of …

σ  = g √(2/(fan_in + fan_out))            the mean of the fans that keep forward's and backward's variance; g gain
y  = √3 σ u                               u uniform in ±1
du = √3 σ dy
"""

from ._geometry import same_shape
from ._initial import xavier
from ._typing import Array


def forward(u: Array, *, gain: float = 1.0) -> Array:
    """u (O, I, …), uniform in ±1 → y, a weight of the same shape, uniform in ±√3 σ.

    Raises:
        ValueError: u has fewer than two axes, or both fans are 0.
    """
    y: Array = 3**0.5 * xavier("xavier_uniform", u, gain) * u
    return y


def backward(dy: Array, u: Array, *, gain: float = 1.0) -> tuple[Array]:
    """dy of u's shape → du."""
    same_shape("xavier_uniform", dy, u)
    return (3**0.5 * xavier("xavier_uniform", u, gain) * dy,)
