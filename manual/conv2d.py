"""Cross-correlation, which deep learning calls convolution.   Formulas E1, E3, E4; gradients E9, E9a, E10, E11.

u                 = the windows of zero-padded x           u[n,c,r,s,p,q] = x̄[n,c,p·t+r·d,q·t+s·d]
y[n,o,p,q]        = b[o] + Σ_crs w[o,c,r,s] u[n,c,r,s,p,q]
db[o]             = Σ_npq dy[n,o,p,q]
dw[o,c,r,s]       = Σ_npq dy[n,o,p,q] u[n,c,r,s,p,q]
du[n,c,r,s,p,q]   = Σ_o   w[o,c,r,s] dy[n,o,p,q]           dx = crop(scatter(du))

With groups every array has one more letter, g: the channels fall into groups that know nothing of each other.
n batch · c input channel · o output channel · r,s kernel · p,q output position · t stride · d dilation
"""

import numpy as np

from manual._contract import contract
from manual._geometry import conv, padded_size, same_dtype
from manual._typing import Array, Ints
from manual._windows import crop, gather, pad, scatter


def forward(
    x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """x (N, C, H, W), w (O, C/groups, R, S), b (O,) or None → y (N, O, P, Q); arguments as in torch's conv2d.

    Raises:
        ValueError: the shapes or the geometry do not fit together, or the input is not batched.
    """
    same_dtype("conv2d", x=x, w=w, b=b)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups)
    u = gather(pad(x, pads), w.shape[2:], t, d)
    y = _merge(contract("gocrs,ngcrspq->ngopq", _split(w, 0, groups), _split(u, 1, groups)), 1)
    return y if b is None else y + b[:, None, None]


def backward(
    dy: Array, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> tuple[Array, Array, Array | None]:  # fmt: skip
    """dy (N, O, P, Q) → dx, dw, db, each of its primal's shape; db is None where b is."""
    same_dtype("conv2d", dy=dy, x=x, w=w, b=b)
    dx = input_gradient(dy, x.shape, w, stride=stride, padding=padding, dilation=dilation, groups=groups)
    dw = weight_gradient(dy, x, w.shape, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return dx, dw, None if b is None else np.einsum("nopq->o", dy)


def input_gradient(
    dy: Array, x_shape: tuple[int, ...], w: Array, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """dx alone: every window's share of dy, scattered back to where the window lay (E9a)."""
    t, d, pads = conv("conv2d", x_shape, w.shape, None, stride, padding, dilation, groups, dy)
    du = _merge(contract("gocrs,ngopq->ngcrspq", _split(w, 0, groups), _split(dy, 1, groups)), 1)
    return crop(scatter(du, padded_size(x_shape[2:], pads), t, d), pads)


def weight_gradient(
    dy: Array, x: Array, w_shape: tuple[int, ...], *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """dw alone: every tap sees the input through the strided window positions (E10)."""
    t, d, pads = conv("conv2d", x.shape, w_shape, None, stride, padding, dilation, groups, dy)
    u = gather(pad(x, pads), w_shape[2:], t, d)
    return _merge(contract("ngopq,ngcrspq->gocrs", _split(dy, 1, groups), _split(u, 1, groups)), 0)


def _split(a: Array, axis: int, groups: int) -> Array:
    """The axis of channels as two: group, channel of the group."""
    return a.reshape(*a.shape[:axis], groups, a.shape[axis] // groups, *a.shape[axis + 1 :])


def _merge(a: Array, axis: int) -> Array:
    return a.reshape(*a.shape[:axis], a.shape[axis] * a.shape[axis + 1], *a.shape[axis + 2 :])
