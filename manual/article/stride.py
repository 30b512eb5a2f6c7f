"""Strided convolution.

E3   printed  n_out = ⌊(n_in + 2p − f)/s + 1⌋
     general  ⌊(n + 2p − d(f−1) − 1)/s⌋ + 1, and the window must fit; the last (n+2p−d(f−1)−1) mod s rows are never read
E3a  printed  Fig. 6: the sharpen kernel over 7×7 with stride 2 → [[21,7,−24],[−1,30,12],[7,25,18]]
     general  conv2d gives it; the kernel is its own rotation by 180°, which hides E1's
"""

import numpy as np

from .._typing import Array
from .convolution import kernels


def output_size_as_printed(n: int, f: int, p: int, s: int) -> int:
    """E3 as printed, in integers."""
    return (n + 2 * p - f) // s + 1


def output_size_holds_when(n: int = 7, f: int = 3, p: int = 0, s: int = 2) -> bool:
    """E3 holds when the filter fits, n + 2p ≥ f: otherwise it is 0 or less, where PyTorch raises an error."""
    return n + 2 * p >= f


def unread_rows(n: int, f: int, p: int, s: int, d: int = 1) -> int:
    """E3: how many padded rows at the end no window reaches."""
    return (n + 2 * p - d * (f - 1) - 1) % s


def figure_6() -> tuple[Array, Array]:
    """E3a: the image and the kernel of Fig. 6, which have stride 2."""
    rows = ("1984457", "4867917", "4059384", "7359054", "7411812", "7669876", "3635427")
    return np.array([list(map(float, row)) for row in rows]), kernels()["sharpen"]
