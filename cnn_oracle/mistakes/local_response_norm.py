"""Wrong derivations of local response normalisation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import local_response_norm
from cnn_oracle.manual._typing import Array


def alpha_not_divided(x: Array, *, size: int, alpha: float = 1e-4, **options: Any) -> Array:
    """alpha multiplies the sum over the window, as in the paper, not the mean"""
    return local_response_norm.forward(x, size=size, alpha=alpha * size, **options)


def odd_channel_behind(x: Array, *, size: int, **options: Any) -> Array:
    """the odd channel of an even window lies behind, not before"""
    rotated = local_response_norm.forward(np.ascontiguousarray(x[:, ::-1]), size=size, **options)
    return rotated[:, ::-1].copy()


def even_window_widened(x: Array, *, size: int, alpha: float = 1e-4, **options: Any) -> Array:
    """an even window has one channel more, as many behind as before"""
    whole = size + 1 - size % 2
    return local_response_norm.forward(x, size=whole, alpha=alpha * whole / size, **options)


def over_the_last_axis(x: Array, **options: Any) -> Array:
    """neighbours are sought along the last axis, where the channels of NHWC would be"""
    rotated = local_response_norm.forward(np.ascontiguousarray(x.swapaxes(1, -1)), **options)
    return rotated.swapaxes(1, -1).copy()


def window_taken_for_a_constant(
    dy: Array, x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Array]:
    """dx is dy d^−β: the divisor is not differentiated"""
    d = local_response_norm._divisor(x, size, alpha, k)
    return (dy * d**-beta,)


def window_not_mirrored(
    dy: Array, x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Array]:
    """dx sums over the forward's window, not over those windows that hold the channel"""
    d = local_response_norm._divisor(x, size, alpha, k)
    e = np.moveaxis(dy * x * d ** (-beta - 1), 1, -1)
    padded = np.pad(e, [*[(0, 0)] * (e.ndim - 1), (size // 2, (size - 1) // 2)])
    total = np.moveaxis(sum((padded[..., r : r + e.shape[-1]] for r in range(size)), np.zeros_like(e)), -1, 1)
    return (dy * d**-beta - 2 * alpha * beta / size * x * total,)


def own_channel_alone(
    dy: Array, x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Array]:
    """dx takes only what x does to its own divisor, not what it does to its neighbours'"""
    d = local_response_norm._divisor(x, size, alpha, k)
    return (dy * d**-beta - 2 * alpha * beta / size * x * (dy * x * d ** (-beta - 1)),)
