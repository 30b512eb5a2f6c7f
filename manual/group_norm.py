"""Each group of channels of each sample standardised.   Wu & He 2018, arXiv 1803.08494.

A = the axes k, p of x[n,g,k,p]          in manual/_normalise.py; γ[c] weight, β[c] bias

x[n,g,k,p] is x[n,c,h,w,…], with c = g·C/G + k, and p stands for all of space.
"""

from math import prod

from ._errors import invalid
from ._normalise import channels, normalise, normalise_backward
from ._typing import Array


def forward(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, num_groups: int, eps: float = 1e-5
) -> Array:
    """x (N, C, …); weight, bias (C,) or None → y of x's shape.

    Raises:
        ValueError: num_groups does not divide C, the shapes do not fit, or N = 1 and each group has a single value.
    """
    n, g, k, p = _groups(x, weight, bias, num_groups)
    return normalise(x.reshape(n, g, k, p), weight, bias, (2, 3), (1, g, k, 1), eps).reshape(x.shape)


def backward(
    dy: Array, x: Array, weight: Array | None = None, bias: Array | None = None, *, num_groups: int, eps: float = 1e-5
) -> tuple[Array, Array | None, Array | None]:
    """dy of x's shape → dx, dweight, dbias."""
    n, g, k, p = _groups(x, weight, bias, num_groups, dy)
    dy, cells = dy.reshape(n, g, k, p), x.reshape(n, g, k, p)
    dx, dweight, dbias = normalise_backward(dy, cells, weight, bias, (2, 3), (1, g, k, 1), eps)
    return dx.reshape(x.shape), dweight, dbias


def _groups(
    x: Array, weight: Array | None, bias: Array | None, num_groups: int, dy: Array | None = None
) -> tuple[int, int, int, int]:
    """The sizes of n, g, k, p."""
    channels("group_norm", x, dy, weight=weight, bias=bias)
    (n, c), p = x.shape[:2], prod(x.shape[2:])
    if num_groups < 1 or c % num_groups:
        raise invalid("group_norm", f"num_groups must divide {c} channels", x=x, num_groups=num_groups)
    if n * c // num_groups * p == 1:  # as PyTorch, which accepts single values with N > 1, and returns β
        raise invalid("group_norm", "a group needs more than one value", x=x, num_groups=num_groups)
    return n, num_groups, c // num_groups, p
