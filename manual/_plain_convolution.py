"""Cross-correlation in its plainest form, for readers. _convolution.py is the fast one, and must equal this.

y[n,o,p,q]  = b[o] + Σ_crs w[o,c,r,s] x̄[n,c,p·t+r·d,q·t+s·d]             x̄ is x padded with zeros

For each position p, q in turn, the window u[n,c,r,s] = x̄[n,c,p·t+r·d,q·t+s·d] is cut out of x̄. Then

y[n,o,p,q]  = b[o] + Σ_crs w[o,c,r,s] u[n,c,r,s]

is linear in b, in w and in u. dy is the gradient of the loss. A small change δ of these changes the loss by

δL          = Σ_nopq dy[n,o,p,q] (δb[o] + Σ_crs (δw[o,c,r,s] u[n,c,r,s] + w[o,c,r,s] δu[n,c,r,s]))

and the factor of each change is the gradient. All positions share b and w, so their gradients are sums:

db[o]       = Σ_npq dy[n,o,p,q]
dw[o,c,r,s] = Σ_pq Σ_n dy[n,o,p,q] u[n,c,r,s]
du[n,c,r,s] = Σ_o dy[n,o,p,q] w[o,c,r,s]

In the code, each sum is an einsum of the same letters: "ncrs,ocrs->no" multiplies u[n,c,r,s] by w[o,c,r,s], and sums
over c, r and s, which the result does not have.

An element of x̄ may lie in several windows. So dx̄ is the sum of every du, each added where its u was cut out. dx is dx̄
without the padding.

n batch · c input channel · o output channel · r, s kernel · p, q output position · t stride · d dilation. These are the
letters for images. Signals along one axis have only r and p; volumes have a third letter of each kind. With groups,
each group of channels is a convolution by itself.
"""

from typing import Any

import numpy as np

from ._typing import Array, Ints


def forward(
    x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """x (N, C, …), w (O, C/groups, …), b (O,) or None → y (N, O, …). The arguments are not checked."""
    padded, _, size, windows = _windows(x, w, stride, padding, dilation)
    rs = "rst"[: len(size)]
    y = np.zeros((len(x), len(w), *size), x.dtype)
    for position, window in windows:
        for inputs, outputs in _channels(w, groups):
            u = padded[:, inputs, *window]
            y[:, outputs, *position] = np.einsum(f"nc{rs},oc{rs}->no", u, w[outputs])
    return y if b is None else y + b.reshape(-1, *(1 for _ in size))


def backward(
    dy: Array, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> tuple[Array, Array, Array | None]:  # fmt: skip
    """dy (N, O, …) → dx (N, C, …), dw (O, C/groups, …), db (O,), None without b. The arguments are not checked."""
    padded, inside, size, windows = _windows(x, w, stride, padding, dilation)
    rs = "rst"[: len(size)]
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for position, window in windows:
        for inputs, outputs in _channels(w, groups):
            u, dy_here = padded[:, inputs, *window], dy[:, outputs, *position]
            dw[outputs] += np.einsum(f"no,nc{rs}->oc{rs}", dy_here, u)
            dpadded[:, inputs, *window] += np.einsum(f"no,oc{rs}->nc{rs}", dy_here, w[outputs])
    return dpadded[:, :, *inside], dw, None if b is None else dy.sum((0, *range(2, dy.ndim)))


def _windows(x: Array, w: Array, stride: Any, padding: Any, dilation: Any) -> tuple[Array, Any, Any, Any]:
    """Padded x, the slices of x in it, the size of y's axes, and each position with the slices of its window."""
    kernel, cells = np.array(w.shape[2:]), np.array(x.shape[2:])
    step, gap = np.broadcast_to(stride, kernel.shape), np.broadcast_to(dilation, kernel.shape)
    reach = gap * (kernel - 1)  # from the first tap of a window to its last
    before = behind = np.broadcast_to(0 if isinstance(padding, str) else padding, kernel.shape)
    if padding == "same":  # as many positions as x has elements; an odd zero goes to the end
        before, behind = reach // 2, reach - reach // 2
    padded = np.pad(x, [(0, 0), (0, 0), *zip(before, behind, strict=True)])
    size = (before + cells + behind - reach - 1) // step + 1
    windows = [(p, tuple(map(slice, p * step, p * step + reach + 1, gap))) for p in np.ndindex(*size)]
    return padded, tuple(map(slice, before, before + cells)), size, windows


def _channels(w: Array, groups: int) -> list[tuple[slice, slice]]:
    """The input channels and the output channels of each group."""
    c, o = w.shape[1], len(w) // groups
    return [(slice(g * c, g * c + c), slice(g * o, g * o + o)) for g in range(groups)]
