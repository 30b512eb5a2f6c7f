"""Convolution.

E1   printed  G[m,n] = (f ∗ h)[m,n] = Σ_j Σ_k h[j,k] f[m−j,n−k]
     general  y[p,q] = Σ_rs x[p·t+r−pad, q·t+s−pad] w[r,s], t the stride: cross-correlation, as every figure shows
E1a  printed  Fig. 3: six rows 10 10 10 0 0 0 by [[1,2,1],[0,0,0],[−1,−2,−1]] give rows 0 40 40 0
     general  conv2d gives them; E1 taken literally gives rows 0 −40 −40 0
E1b  printed  Fig. 4: horizontal edges, diagonal edges, corners, sharpen
     general  conv2d by a fixed kernel; rotation by 180° changes the sign of the first two and keeps the last two

The two differ by a rotation of the kernel by 180°: the valid part of f ∗ h is conv2d(f, rotated(h)).
"""

import numpy as np

from .. import conv2d
from .._typing import Array


def convolve_as_printed(f: Array, h: Array) -> Array:
    """E1 as printed: true convolution of (H, W) by (R, S) over the full map (H+R−1, W+S−1), f being 0 outside."""
    (rows, columns), (r, s) = f.shape, h.shape
    g = np.zeros((rows + r - 1, columns + s - 1), np.result_type(f, h))
    for (j, k), value in np.ndenumerate(h):
        g[j : j + rows, k : k + columns] += value * f
    return g


def cross_correlate(x: Array, w: Array, *, stride: int = 1, padding: int = 0) -> Array:
    """E1 in general: conv2d of one image (H, W) of one channel by one kernel (R, S)."""
    y: Array = conv2d.forward(x[None, None], w[None, None], stride=stride, padding=padding)[0, 0]
    return y


def rotated(w: Array) -> Array:
    """E1: the kernel (…, R, S) rotated by 180°, a view."""
    view: Array = w[..., ::-1, ::-1]
    return view


def valid(g: Array, kernel: tuple[int, int]) -> Array:
    """E1: the part of a full map (…, H+R−1, W+S−1) whose sums lie wholly inside the image, (…, H−R+1, W−S+1)."""
    r, s = kernel
    part: Array = g[..., r - 1 : g.shape[-2] - r + 1, s - 1 : g.shape[-1] - s + 1]
    return part


def convolution_holds_when(n: int = 6, f: int = 3) -> bool:
    """E1 holds when f = 1: otherwise the full map is larger than the figures', and its kernel is rotated."""
    return f == 1


def figure_3() -> tuple[Array, Array]:
    """E1a: the image and the kernel of Fig. 3."""
    return np.repeat([10.0, 0.0], 3)[:, None] * np.ones(6), kernels()["horizontal edges"]


def kernels() -> dict[str, Array]:
    """E1b: the filters of Fig. 4, each (3, 3)."""
    return {
        "horizontal edges": np.array([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]),
        "diagonal edges": np.array([[0.0, 1, 2], [-1, 0, 1], [-2, -1, 0]]),
        "corners": np.array([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]]),
        "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    }


def parity(w: Array) -> int:
    """E1b: 1 if rotation by 180° keeps the kernel (which hides E1's rotation), −1 if it changes its sign, else 0."""
    return int(np.array_equal(rotated(w), w)) - int(np.array_equal(rotated(w), -w) and bool(w.any()))
