"""Wrong derivations of local response normalisation."""

from typing import Any

import numpy as np

from cnn_oracle.manual import local_response_norm
from cnn_oracle.manual._typing import Array


def alpha_not_divided(x: Array, *, size: int, alpha: float = 1e-4, **options: Any) -> Array:
    """alpha multiplies the sum over the window, as in the paper, not the mean"""
    return local_response_norm.forward(x, size=size, alpha=alpha * size, **options)


def odd_channel_behind(x: Array, *, size: int, **options: Any) -> Array:
    """an even window has its extra channel after the centre, not before it"""
    rotated = local_response_norm.forward(np.ascontiguousarray(x[:, ::-1]), size=size, **options)
    return rotated[:, ::-1].copy()


def even_window_widened(x: Array, *, size: int, alpha: float = 1e-4, **options: Any) -> Array:
    """an even window is widened by one channel, with as many after the centre as before"""
    whole = size + 1 - size % 2
    return local_response_norm.forward(x, size=whole, alpha=alpha * whole / size, **options)


def over_the_last_axis(x: Array, **options: Any) -> Array:
    """the window runs over the last axis, where NHWC has its channels, not over axis 1"""
    rotated = local_response_norm.forward(np.ascontiguousarray(x.swapaxes(1, -1)), **options)
    return rotated.swapaxes(1, -1).copy()


def window_taken_for_a_constant(
    dy: Array, x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Array]:
    """dx is dy d^−β: the divisor d is not differentiated"""
    d = local_response_norm._divisor(x, size, alpha, k)
    return (dy * d**-beta,)


def window_not_mirrored(
    dy: Array, x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Array]:
    """dx sums over the forward's window, not over the windows that contain the channel"""
    d = local_response_norm._divisor(x, size, alpha, k)
    e = np.moveaxis(dy * x * d ** (-beta - 1), 1, -1)
    padded = np.pad(e, [*[(0, 0)] * (e.ndim - 1), (size // 2, (size - 1) // 2)])
    total = np.moveaxis(sum((padded[..., r : r + e.shape[-1]] for r in range(size)), np.zeros_like(e)), -1, 1)
    return (dy * d**-beta - 2 * alpha * beta / size * x * total,)


def own_channel_alone(
    dy: Array, x: Array, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> tuple[Array]:
    """dx includes the effect of x on its own divisor only, not on those of nearby channels"""
    d = local_response_norm._divisor(x, size, alpha, k)
    return (dy * d**-beta - 2 * alpha * beta / size * x * (dy * x * d ** (-beta - 1)),)
