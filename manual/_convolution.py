"""Cross-correlation over any number of axes.   Formulas E1, E3, E4; gradients E9, E9a, E10, E11.

u           = the windows of zero-padded x             u[n,c,r,p] = x̄[n,c,p·t+r·d]
y[n,o,p]    = b[o] + Σ_cr w[o,c,r] u[n,c,r,p]
db[o]       = Σ_np dy[n,o,p]
dw[o,c,r]   = Σ_np dy[n,o,p] u[n,c,r,p]
du[n,c,r,p] = Σ_o  w[o,c,r] dy[n,o,p]                  dx = crop(scatter(du))

n batch · c input channel · o output channel · r kernel · p output position · t stride · d dilation; r and p stand for
as many letters as there are axes. With groups every array has one more, g: channels that know nothing of other groups.
The sums are carried out in _correlation.py.
"""

from manual._correlation import dw_of, dx_of, sum_channels, y_of
from manual._floats import ieee
from manual._geometry import conv, output_size, padded_size, same_dtype
from manual._typing import Array, Ints


@ieee
def forward(
    op: str, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """x (N, C, …), w (O, C/groups, …), b (O,) or None → y (N, O, …).

    Raises:
        ValueError: the shapes or the geometry do not fit together, or the input is not batched.
    """
    same_dtype(op, x=x, w=w, b=b)
    t, d, pads = conv(op, x.shape, w.shape, b, stride, padding, dilation, groups)
    positions = tuple(map(output_size, padded_size(x.shape[2:], pads), w.shape[2:], t, d))
    return y_of(x, w, b, positions, (t, d, pads), groups)


@ieee
def backward(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> tuple[Array, Array, Array | None]:  # fmt: skip
    """dy (N, O, …) → dx, dw, db, each of its primal's shape; db is None where b is."""
    same_dtype(op, x=x, w=w, b=b)
    geometry = conv(op, x.shape, w.shape, b, stride, padding, dilation, groups, dy)
    dx, dw = dx_of(dy, w, x.shape, geometry, groups), dw_of(dy, x, w.shape, geometry, groups)
    return dx, dw, None if b is None else sum_channels(dy)


@ieee
def input_gradient(
    op: str, dy: Array, x_shape: tuple[int, ...], w: Array, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """dx alone: every window's share of dy, scattered back to where the window lay (E9a)."""
    return dx_of(dy, w, x_shape, conv(op, x_shape, w.shape, None, stride, padding, dilation, groups, dy), groups)


@ieee
def weight_gradient(
    op: str, dy: Array, x: Array, w_shape: tuple[int, ...], *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """dw alone: every tap sees the input through the strided window positions (E10)."""
    return dw_of(dy, x, w_shape, conv(op, x.shape, w_shape, None, stride, padding, dilation, groups, dy), groups)
