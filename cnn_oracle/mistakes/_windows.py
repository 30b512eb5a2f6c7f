"""What several mistakes do to windows and kernels; no mistakes themselves."""

import numpy as np

from cnn_oracle.manual._contract import contract
from cnn_oracle.manual._correlation import letters, merge, split
from cnn_oracle.manual._geometry import Shape
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import cells

Gradients = tuple[Array | None, ...]


def overwritten(u: Array, size: Shape, stride: Shape, dilation: Shape) -> Array:
    """Each window's cells (…, R, S, P, Q) where they came from, (…, H, W): the last window's stay where two meet."""
    rank = len(size)
    lead, kernel, positions = u.shape[: -2 * rank], u.shape[-2 * rank : -rank], u.shape[-rank:]
    x = np.zeros((*lead, *size), u.dtype)
    for p in np.ndindex(positions):
        axes = zip(p, kernel, stride, dilation, strict=True)
        x[cells(slice(i * t, i * t + d * (k - 1) + 1, d) for i, k, t, d in axes)] = u[cells(p)]
    return x


def rotated(w: Array) -> Array:
    """By 180°."""
    return np.flip(w, tuple(range(2, w.ndim)))


def shares(dy: Array, w: Array, groups: int) -> Array:
    """What each window's cells get of dy: du (N, C, …, …)."""
    r, p = letters(w)
    return merge(contract(f"goc{r},ngo{p}->ngc{r}{p}", split(w, 0, groups), split(dy, 1, groups)), 1)
