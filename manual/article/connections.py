"""Connections cutting and parameters sharing.

E6   printed  Fig. 9: not all neurons are connected, and connections share their weights
     general  the layer is a matrix with P·Q·O·f²·C entries (p = 0) made of f²·C·O numbers, plus O biases
E6a  printed  a single value of a filter affects every element of the output
     general  every element of its own filter's channel, except where its tap falls on padding
"""

from math import prod

import numpy as np

from .._geometry import conv
from .._typing import Array, Ints
from .._windows import gather, pad
from .padding import influence_map


def tied_entries(
    x_shape: tuple[int, ...], w_shape: tuple[int, ...], *, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1
) -> Array:
    """E6: for each entry of the layer's matrix (O·P·Q, C·H·W), the index of its weight in w.ravel(), or −1 for none.

    ``x_shape`` is (C, H, W), ``w_shape`` (O, C, R, S).
    """
    t, d, pads = conv("conv2d", (1, *x_shape), w_shape, None, stride, padding, dilation, 1)
    cells = np.arange(prod(x_shape)).reshape(x_shape)
    read = np.moveaxis(gather(pad(cells, pads, -1), w_shape[2:], t, d), (-2, -1), (0, 1))  # indices at p,q,c,r,s
    outputs, weights = prod(read.shape[:2]), prod(w_shape[1:])
    cell = np.broadcast_to(read.reshape(outputs, weights), (w_shape[0], outputs, weights)).reshape(-1, weights)
    weight = np.arange(prod(w_shape)).reshape(w_shape[0], 1, weights).repeat(outputs, 1).reshape(-1, weights)
    entries = np.full((w_shape[0] * outputs, prod(x_shape) + 1), -1)
    np.put_along_axis(entries, np.where(cell < 0, prod(x_shape), cell), weight, 1)  # padding goes to a spare column
    return entries[:, :-1]


def toeplitz(w: Array, x_shape: tuple[int, ...], *, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1) -> Array:
    """E6: the layer as a dense matrix: conv2d(x, w).ravel() = toeplitz(w, x.shape) @ x.ravel(), x (C, H, W)."""
    entries = tied_entries(x_shape, w.shape, stride=stride, padding=padding, dilation=dilation)
    return np.where(entries < 0, w.dtype.type(0), w.ravel()[entries])


def parameters(f: int, n_c: int, n_f: int) -> int:
    """E6: f² n_c weights and a bias for each filter, for any size of the image."""
    return (f * f * n_c + 1) * n_f


def dense_parameters(inputs: int, outputs: int) -> int:
    """E6: a weight for every pair, and a bias for every output."""
    return inputs * outputs + outputs


def connections(n: int, f: int, n_c: int, n_f: int, p: int = 0, s: int = 1) -> int:
    """E6: how many (input, output) pairs are connected; for p = 0, n_out² n_f f² n_c of them."""
    return n_c * n_f * int(influence_map((n, n), (f, f), (p, p), (s, s)).sum())


def affected(x_shape: tuple[int, ...], w_shape: tuple[int, ...], *, stride: Ints = 1, padding: Ints = 0) -> Array:
    """E6a: which of the O·P·Q outputs each of the weights can change, (weights, outputs)."""
    entries = tied_entries(x_shape, w_shape, stride=stride, padding=padding)
    return np.array([(entries == weight).any(1) for weight in range(prod(w_shape))])


def affected_as_printed(weights: int, outputs: int) -> Array:
    """E6a as printed: each weight changes every output, (weights, outputs)."""
    return np.ones((weights, outputs), bool)


def every_output_holds_when(n: int = 3, f: int = 2, p: int = 0, s: int = 1, n_f: int = 1) -> bool:
    """E6a holds when n_f = 1 and p = 0: there is one filter, and no padding."""
    return n_f == 1 and p == 0
