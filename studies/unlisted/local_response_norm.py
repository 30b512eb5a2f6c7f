"""Unlisted wrong derivations of local response normalisation."""

from typing import Any

from cnn_oracle.manual import local_response_norm
from cnn_oracle.manual._typing import Array


def beta_hard_coded(x: Array, *, beta: float = 0.75, **options: Any) -> Array:
    """beta is ignored: it is always 0.75"""
    return local_response_norm.forward(x, **options)


def k_outside_the_power(x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    """x is divided by k + (α Σ x²/R)^β; (k + α Σ x²/R)^β is right"""
    y: Array = x / (k + local_response_norm._divisor(x, size, alpha, 0.0) ** beta)
    return y


def two_left_out(
    dy: Array, x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Array]:
    """the 2 of the square's derivative is missing in dx"""
    (dx,) = local_response_norm.backward(dy, x, size=size, alpha=alpha, beta=beta, k=k)
    direct = dy * local_response_norm._divisor(x, size, alpha, k) ** -beta
    return (direct + (dx - direct) / 2,)
