"""Valid and same convolution.

E2   printed  n×n ∗ f×f → (n−f+1)×(n−f+1), so that only finitely many convolutions fit
     general  ⌊(n−1)/(f−1)⌋ of them in a row
E2a  printed  Fig. 5: pixels near the edge influence fewer outputs
     general  row i feeds c(i) = max(0, min(O−1, ⌊(i+p)/s⌋) − max(0, ⌈(i+p−f+1)/s⌉) + 1) output rows;
              pixel (i,j) feeds c(i) c(j) outputs
E2b  printed  padding solves the edge problem
     general  every pixel has the same influence exactly when p ≥ f−1, n + p ≤ f or n = 1   (s = d = 1)
E2c  printed  same convolution: p = (f−1)/2, f generally odd
     general  d(f−1) zeros in total, ⌊d(f−1)/2⌋ of them in front, s = 1
"""

import numpy as np

from .. import conv2d
from .._geometry import output_size
from .._typing import Array


def valid_size_as_printed(n: int, f: int) -> int:
    """E2 as printed: n − f + 1."""
    return n - f + 1


def stacked_convolutions_as_printed(n: int, f: int) -> int:
    """E2 as printed: how many valid convolutions fit in a row, ⌊(n−1)/(f−1)⌋, a finite number."""
    return (n - 1) // (f - 1)


def stacked_convolutions(n: int, f: int) -> int | None:
    """E2: how many valid convolutions fit in a row; None: any number."""
    return None if f == 1 else stacked_convolutions_as_printed(n, f)


def finitely_many_hold_when(n: int = 6, f: int = 3) -> bool:
    """E2 holds when f > 1: a 1×1 filter never shrinks the image."""
    return f > 1


def influence(n: int, f: int, p: int = 0, s: int = 1) -> Array:
    """E2a: c (n,), the number of output rows that each of n input rows feeds; the same holds for columns.

    Output row o reads padded rows o·s … o·s+f−1, so o runs from ⌈(i+p−f+1)/s⌉ to ⌊(i+p)/s⌋, within 0 … O−1.
    """
    i, o = np.arange(n) + p, output_size(n + 2 * p, f, s, 1)
    first, last = np.maximum(0, -((f - 1 - i) // s)), np.minimum(o - 1, i // s)
    c: Array = np.maximum(0, last - first + 1)
    return c


def influence_map(n: tuple[int, int], f: tuple[int, int], p: tuple[int, int], s: tuple[int, int]) -> Array:
    """E2a: c(i) c(j), (H, W): the number of outputs that each pixel feeds, geometry given per axis."""
    rows, columns = (influence(*axis) for axis in zip(n, f, p, s, strict=True))
    return np.outer(rows, columns)


def padding_is_enough(n: int, f: int, p: int) -> bool:
    """E2b: whether the padding p gives every pixel the same influence (s = d = 1)."""
    return p >= f - 1 or n + p <= f or n == 1


def even_influence_as_printed(n: int, f: int) -> Array:
    """E2b as printed: with p = (f−1)/2 every pixel of n×n has the influence of the one in the middle."""
    c = influence(n, f, (f - 1) // 2)
    return np.full((n, n), c[n // 2] ** 2)


def half_padding_holds_when(n: int = 5, f: int = 3) -> bool:
    """E2b holds when f = 1, n = 1 or n + (f−1)/2 ≤ f: otherwise p = (f−1)/2 only reduces the edge problem."""
    return padding_is_enough(n, f, (f - 1) // 2)


def same_padding(f: int, d: int = 1) -> tuple[int, int]:
    """E2c: zeros before and behind an axis for an output of the input's size; an odd one goes to the end."""
    total = d * (f - 1)
    return total // 2, total - total // 2


def same_convolution_as_printed(x: Array, w: Array, *, stride: int = 1, dilation: int = 1) -> Array:
    """E2c as printed: conv2d with p = (f−1)/2 on every side, rounded down where f is even."""
    p = ((w.shape[2] - 1) // 2, (w.shape[3] - 1) // 2)
    return conv2d.forward(x, w, padding=p, stride=stride, dilation=dilation)


def same_convolution_holds_when(n: int = 6, f: int = 3, s: int = 1, d: int = 1) -> bool:
    """E2c holds when f is odd, d = 1 or f = 1, and s = 1 or n = 1."""
    return f % 2 == 1 and (d == 1 or f == 1) and (s == 1 or n == 1)
