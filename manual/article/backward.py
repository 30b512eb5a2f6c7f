"""Backpropagation through a convolutional layer.

E7   printed  dA = ∂L/∂A, dZ = ∂L/∂Z, dW = ∂L/∂W, db = ∂L/∂b, each with the shape of its array
     general  the same for one scalar L; a mean's 1/N belongs to the loss, never to a layer
E8   printed  dZ = dA ∗ g′(Z)
     general  a product, element by element, for elementwise g: dZ[i] = Σ_j dA[j] ∂A[j]/∂Z[i]; relu′(0) = 0
E9   printed  dA_prev is the full convolution of dZ with W rotated by 180° (Fig. 11)
     general  dilate dZ by s, append (n+2p−d(f−1)−1) mod s zeros, pad by d(f−1), correlate with the rotated, d-dilated
              W, crop p
E9a  printed  dA += Σ_m Σ_n W · dZ[m,n]
     general  dx̄[m·s+r·d, n·s+c·d] += W[r,c] dZ[m,n], summed over filters, then crop p; W is not rotated
E10  printed  dW (announced, no formula)
     general  dW[o,c,r,s] = Σ_nmk dZ[n,o,m,k] x̄[n,c,m·t+r·d,k·t+s·d]: x convolved by dZ dilated by the stride t
E11  printed  db (announced, no formula)
     general  db[o] = Σ_npq dZ[n,o,p,q]
"""

import numpy as np

from .. import conv2d, relu
from .._geometry import conv, padded_size
from .._typing import Array, Ints
from .._windows import crop, pad
from .convolution import rotated


def layer_backward(
    da: Array, a_prev: Array, w: Array, b: Array, *, stride: Ints = 1, padding: Ints = 0
) -> tuple[Array, Array, Array]:
    """E7: from dA of layer.forward's A to dA_prev, dW, db: E8 through relu, then E9, E10, E11."""
    z = conv2d.forward(a_prev, w, b, stride=stride, padding=padding)
    (dz,) = relu.backward(da, z)
    da_prev, dw, _ = conv2d.backward(dz, a_prev, w, b, stride=stride, padding=padding)
    return da_prev, dw, bias_gradient(dz)


def elementwise_as_printed(da: Array, slope: Array) -> Array:
    """E8 as printed: dA times g′(Z), element by element."""
    return da * slope


def elementwise_holds_when(m: int = 1) -> bool:
    """E8 holds when g is elementwise: softmax couples m values, and m must be 1."""
    return m == 1


def full_convolution_as_printed(dz: Array, w: Array) -> Array:
    """E9 as printed: dz (N, O, P, Q) and w (O, C, f, f) → (N, C, P+f−1, Q+f−1)."""
    r, s = w.shape[2:]
    return conv2d.forward(dz, rotated(w).swapaxes(0, 1), padding=(r - 1, s - 1))


def full_convolution_holds_when(n: int = 6, f: int = 3, p: int = 0, s: int = 1, d: int = 1) -> bool:
    """E9 holds when p = 0, d = 1 or f = 1, and s = 1 or n = f, on each axis."""
    return p == 0 and (d == 1 or f == 1) and (s == 1 or n == f)


def full_convolution(
    dy: Array, x_shape: tuple[int, ...], w: Array, *, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1
) -> Array:
    """E9 in general: dy (N, O, P, Q), w (O, C, R, S) → dx (N, C, H, W), by one convolution of stride 1."""
    t, d, pads = conv("conv2d", x_shape, w.shape, None, stride, padding, dilation, 1, dy)
    size = padded_size(x_shape[2:], pads)
    reach = [d1 * (k - 1) for d1, k in zip(d, w.shape[2:], strict=True)]
    spread = np.zeros((*dy.shape[:2], *(n - k for n, k in zip(size, reach, strict=True))), dy.dtype)
    spread[:, :, :: t[0], :: t[1]] = dy  # the zeros after the last one are the rows that no window reads
    return crop(conv2d.forward(spread, rotated(w).swapaxes(0, 1), padding=tuple(reach), dilation=d), pads)


def scatter_as_printed(dz: Array, w: Array, x_shape: tuple[int, ...]) -> Array:
    """E9a as printed, without the slice: W (f, f) times each dZ[m,n] is added to the whole dA (N, C, n, n).

    Raises:
        ValueError: f×f cannot be broadcast to n×n.
    """
    da = np.zeros(x_shape, dz.dtype)
    for m, n in np.ndindex(*dz.shape[2:]):
        da += np.einsum("no,ocrs->ncrs", dz[:, :, m, n], w)
    return da


def scatter_holds_when(n: int = 6, f: int = 3, p: int = 0, s: int = 1, d: int = 1) -> bool:
    """E9a holds when n = f, p = 0, and d = 1 or f = 1: there is one window, and it is the image."""
    return n == f and p == 0 and (d == 1 or f == 1)


def scatter(
    dy: Array, x_shape: tuple[int, ...], w: Array, *, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1
) -> Array:
    """E9a in general: dy[n,o,m,k] times w[o], not rotated, is added to the window that y[n,o,m,k] is computed from."""
    (t, u), (d, e), pads = conv("conv2d", x_shape, w.shape, None, stride, padding, dilation, 1, dy)
    r, s = w.shape[2:]
    dx = np.zeros((*x_shape[:2], *padded_size(x_shape[2:], pads)), dy.dtype)
    for m, k in np.ndindex(*dy.shape[2:]):
        window = dx[:, :, m * t : m * t + d * (r - 1) + 1 : d, k * u : k * u + e * (s - 1) + 1 : e]
        window += np.einsum("no,ocrs->ncrs", dy[:, :, m, k], w)
    return crop(dx, pads)


def weight_gradient(
    dy: Array, x: Array, w_shape: tuple[int, ...], *, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1
) -> Array:
    """E10: x convolved by dy, with batch and channels exchanged, and stride and dilation, cropped to (O, C, R, S)."""
    t, d, pads = conv("conv2d", x.shape, w_shape, None, stride, padding, dilation, 1, dy)
    whole = conv2d.forward(pad(x, pads).swapaxes(0, 1), dy.swapaxes(0, 1), stride=d, dilation=t)
    dw: Array = whole.swapaxes(0, 1)[:, :, : w_shape[2], : w_shape[3]]
    return dw


def bias_gradient(dy: Array) -> Array:
    """E11: dy (N, O, P, Q) → db (O,)."""
    db: Array = np.einsum("nopq->o", dy)
    return db
