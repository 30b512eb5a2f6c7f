"""Cross-correlation over any number of axes.   Formulas E1, E3, E4; gradients E9, E9a, E10, E11.

u           = the windows of zero-padded x             u[n,c,r,p] = x̄[n,c,p·t+r·d]
y[n,o,p]    = b[o] + Σ_cr w[o,c,r] u[n,c,r,p]
db[o]       = Σ_np dy[n,o,p]
dw[o,c,r]   = Σ_np dy[n,o,p] u[n,c,r,p]
du[n,c,r,p] = Σ_o  w[o,c,r] dy[n,o,p]                  dx = crop(scatter(du))

n batch · c input channel · o output channel · r kernel · p output position · t stride · d dilation; r and p stand for
as many letters as there are axes. With groups every array has one more, g: channels that know nothing of other groups.
The sums are carried out in _correlation.py.

{cells}, {taps} and {positions} in a docstring are the letters of an op's axes, which _for_op.py puts there.
"""

from ._correlation import dw_of, dx_of, sum_channels, y_of
from ._floats import ieee
from ._geometry import conv, output_size, padded_size, same_dtype
from ._typing import Array, Ints


@ieee
def forward(
    op: str, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """x (N, C, {cells}), w (O, C/groups, {taps}), b (O,) or None → y (N, O, {positions}).

    The same as torch.nn.functional.{op}. stride, padding and dilation are each one int for all axes, or a tuple of
    one int for each of ({cells}). Along an axis of n cells, padding included, a kernel of k taps has
    ⌊(n − dilation·(k − 1) − 1)/stride⌋ + 1 positions.

    Args:
        stride: cells from one window to the next, at least 1.
        padding: cells of zeros on each side of an axis. "valid" means none. "same" means as many as make y as large
            as x, an odd one at the end; it needs stride 1.
        dilation: cells from one tap of the kernel to the next, at least 1.
        groups: number of parts that the channels fall into. A part of y depends on the same part of x alone.

    Raises:
        ValueError: the dtypes differ, the shapes or the options do not fit together, or x is not batched.
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
    """dy (N, O, {positions}) → dx (N, C, {cells}), dw (O, C/groups, {taps}), db (O,), None without b.

    The same as autograd's gradients of torch.nn.functional.{op}. x, w, b and the options are forward's.

    Raises:
        ValueError: forward would refuse the call, or dy has not y's shape.
    """
    same_dtype(op, x=x, w=w, b=b)
    geometry = conv(op, x.shape, w.shape, b, stride, padding, dilation, groups, dy)
    dx, dw = dx_of(dy, w, x.shape, geometry, groups), dw_of(dy, x, w.shape, geometry, groups)
    return dx, dw, None if b is None else sum_channels(dy)


@ieee
def input_gradient(
    op: str, dy: Array, x_shape: tuple[int, ...], w: Array, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """dx alone: every window's share of dy, scattered back to where the window lay (E9a).

    dy (N, O, {positions}), x_shape (N, C, {cells}) as a tuple, w (O, C/groups, {taps}) → dx (N, C, {cells}).
    The same as torch.nn.grad.{op}_input, which takes the arrays in another order. The options are forward's.

    Raises:
        ValueError: forward would refuse such shapes or options, or dy has not y's shape.
    """
    return dx_of(dy, w, x_shape, conv(op, x_shape, w.shape, None, stride, padding, dilation, groups, dy), groups)


@ieee
def weight_gradient(
    op: str, dy: Array, x: Array, w_shape: tuple[int, ...], *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """dw alone: every tap sees the input through the strided window positions (E10).

    dy (N, O, {positions}), x (N, C, {cells}), w_shape (O, C/groups, {taps}) as a tuple → dw (O, C/groups, {taps}).
    The same as torch.nn.grad.{op}_weight, which takes the arrays in another order. The options are forward's.

    Raises:
        ValueError: forward would refuse such shapes or options, or dy has not y's shape.
    """
    return dw_of(dy, x, w_shape, conv(op, x.shape, w_shape, None, stride, padding, dilation, groups, dy), groups)
