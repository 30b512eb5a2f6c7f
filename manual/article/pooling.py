"""Pooling layers, forward and backward.

E12  printed  max pooling: the largest value of each f×f window, windows s apart, per channel (Fig. 12)
     general  padding is −∞, never 0; dilation and ceil_mode; s is f by default
E13  printed  the gradient goes only to the maxima, through a mask kept in the forward pass (Fig. 13)
     general  scatter-add of dy at each window's argmax: the first in row order, the last NaN if there is one
E14  printed  the same rules serve all kinds of pooling
     general  dx = scatter-add of dy ∂y/∂u, u a window's elements: mean 1/count, sum 1, L_q (u/y)^(q−1), all elements
              of a channel for a global one
"""

from collections.abc import Callable

import numpy as np

from .. import avg_pool2d, max_pool2d
from .._typing import Array
from .._windows import gather, scatter

Mask = Callable[[Array], Array]  # windows (N, C, f, f, P, Q) → ∂y/∂u, of the same shape


def maximum_mask(u: Array) -> Array:
    """E13 as printed: 1 at a window's maximum, 0 elsewhere; at all its maxima, if they are tied."""
    mask: Array = u == u.max((2, 3), keepdims=True)
    return mask.astype(u.dtype)


def mean_mask(u: Array) -> Array:
    """E14: 1/f² for every element."""
    return np.full_like(u, 1 / (u.shape[2] * u.shape[3]))


def sum_mask(u: Array) -> Array:
    """E14: 1 for every element."""
    return np.ones_like(u)


def power_mask(u: Array, q: float) -> Array:
    """E14: (u/y)^(q−1) for y = (Σ u^q)^(1/q); 0 for a window of zeros, as in PyTorch."""
    y = (u**q).sum((2, 3), keepdims=True) ** (1 / q)
    mask: Array = np.divide(u, y, out=np.zeros_like(u), where=y != 0) ** (q - 1) * (y != 0)
    return mask


def backward_by_mask_as_printed(dy: Array, x: Array, mask: Mask, f: int, s: int) -> Array:
    """E13, E14 as printed: each window of dx is its mask times its dy (N, C, P, Q); a later window overwrites."""
    dx = np.zeros_like(x)
    m = mask(gather(x, (f, f), (s, s), (1, 1)))
    for p, q in np.ndindex(*dy.shape[2:]):
        dx[:, :, p * s : p * s + f, q * s : q * s + f] = m[..., p, q] * dy[:, :, p, q, None, None]
    return dx


def backward_by_mask(dy: Array, x: Array, mask: Mask, f: int, s: int) -> Array:
    """E14 in general, without padding: the windows of dx, mask times dy, are added."""
    u = gather(x, (f, f), (s, s), (1, 1))
    return scatter(mask(u) * dy[:, :, None, None], x.shape[2:], (s, s), (1, 1))


def mask_holds_when(n: int = 4, f: int = 2, s: int = 2) -> bool:
    """E13 holds when windows do not overlap, s ≥ f or n < f + s, and no maximum is tied."""
    return s >= f or n < f + s


def mean_holds_when(n: int = 4, f: int = 2, s: int = 2, p: int = 0) -> bool:
    """E14 holds when windows neither overlap, as for E13, nor reach into padding that a mean leaves out, p = 0."""
    return p == 0 and (s >= f or n < f + s)


def one_maximum(u: Array) -> Array:
    """E13: which windows (N, C, f, f, P, Q) have only one maximum, (N, C, P, Q): elsewhere the mask marks too many."""
    one: Array = maximum_mask(u).sum((2, 3)) == 1
    return one


def sum_pool(x: Array, f: int, s: int) -> Array:
    """E14: (N, C, H, W) → the sum of each window, (N, C, P, Q)."""
    return avg_pool2d.forward(x, kernel_size=f, stride=s, divisor_override=1)


def power_pool(x: Array, f: int, s: int, q: float) -> Array:
    """E14: (N, C, H, W) → (Σ u^q)^(1/q) of each window, (N, C, P, Q); signed: an odd q may give NaN."""
    with np.errstate(invalid="ignore"):
        return sum_pool(x**q, f, s) ** (1 / q)


def global_mean(x: Array) -> Array:
    """E14: (N, C, H, W) → (N, C, 1, 1), one window as large as the image."""
    return avg_pool2d.forward(x, kernel_size=x.shape[2:])


def global_maximum(x: Array) -> Array:
    """E14: (N, C, H, W) → (N, C, 1, 1), one window as large as the image."""
    return max_pool2d.forward(x, kernel_size=x.shape[2:])


def figure_12() -> Array:
    """E12: the image of Fig. 12, pooled with f = s = 2."""
    rows = ("301513", "573446", "771835", "617005", "045572", "320202")
    return np.array([list(map(float, row)) for row in rows])


def figure_13() -> tuple[Array, Array]:
    """E13: the image of Fig. 13 and the gradient of its maxima, f = s = 2."""
    return np.array([[1.0, 9, 8, 4], [4, 8, 6, 7], [4, 0, 5, 9], [7, 3, 5, 4]]), np.array([[1.2, 1.9], [0.9, 0.3]])
