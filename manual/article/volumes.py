"""The transition to the third dimension.

E4   printed  [n,n,n_c] ∗ [f,f,n_c] = [⌊(n+2p−f)/s+1⌋, ⌊(n+2p−f)/s+1⌋, n_f]
     general  (N,C,H,W) ∗ (O,C,R,S) = (N,O,P,Q), summed over C; channels that differ are rejected

The article keeps channels last; this project, like PyTorch, keeps them first.
"""

import numpy as np

from .. import conv2d
from .._errors import invalid
from .._typing import Array


def channels_first(x: Array, w: Array) -> tuple[Array, Array]:
    """E4: the article's image (n, n, n_c) and filters (f, f, n_c, n_f) → x (1, C, H, W) and w (O, C, R, S), views."""
    return np.moveaxis(x, -1, 0)[None], w.transpose(3, 2, 0, 1)


def convolve_volume(x: Array, w: Array, *, padding: int = 0, stride: int = 1) -> Array:
    """E4: (n, n, n_c) by n_f filters (f, f, n_c, n_f) → (n_out, n_out, n_f)."""
    return np.moveaxis(conv2d.forward(*channels_first(x, w), padding=padding, stride=stride)[0], 0, -1)


def convolve_volume_as_printed(x: Array, w: Array, *, padding: int = 0, stride: int = 1) -> Array:
    """E4 as printed on the left: (n, n, n_c) by one filter (f, f, n_c) → (n_out, n_out, 1).

    Raises:
        ValueError: the filter does not have the depth of the image.
    """
    if w.ndim != 3 or x.ndim != 3 or w.shape[2] != x.shape[2]:
        raise invalid("convolve_volume_as_printed", "the filter must have the depth of the image", x=x, w=w)
    return convolve_volume(x, w[..., None], padding=padding, stride=stride)


def one_filter_holds_when(n: int = 6, f: int = 3, n_c: int = 3, n_f: int = 2) -> bool:
    """E4 holds when n_f = 1: the left side [f,f,n_c] is one filter, and one filter gives depth 1."""
    return n_f == 1
