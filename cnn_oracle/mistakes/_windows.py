"""Operations on windows and kernels that several mistakes share. This file has no mistakes itself."""

import numpy as np

from cnn_oracle.manual._contract import contract
from cnn_oracle.manual._correlation import letters, merge, split
from cnn_oracle.manual._geometry import Shape
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import cells

Gradients = tuple[Array | None, ...]


def overwritten(u: Array, size: Shape, stride: Shape, dilation: Shape) -> Array:
    """Put each window's elements (…, R, S, P, Q) back into (…, H, W). Where windows overlap, the last one stays."""
    rank = len(size)
    lead, kernel, positions = u.shape[: -2 * rank], u.shape[-2 * rank : -rank], u.shape[-rank:]
    x = np.zeros((*lead, *size), u.dtype)
    for p in np.ndindex(positions):
        axes = zip(p, kernel, stride, dilation, strict=True)
        x[cells(slice(i * t, i * t + d * (k - 1) + 1, d) for i, k, t, d in axes)] = u[cells(p)]
    return x


def rotated(w: Array) -> Array:
    """Rotate the kernel axes by 180°."""
    return np.flip(w, tuple(range(2, w.ndim)))


def shares(dy: Array, w: Array, groups: int) -> Array:
    """The gradient of each window's elements, du (N, C, …, …)."""
    r, p = letters(w)
    return merge(contract(f"goc{r},ngo{p}->ngc{r}{p}", split(w, 0, groups), split(dy, 1, groups)), 1)
