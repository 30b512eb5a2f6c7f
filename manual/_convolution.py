"""Cross-correlation over any number of axes.   Formulas E1, E3, E4; gradients E9, E9a, E10, E11.

u           = the windows of zero-padded x             u[n,c,r,p] = x̄[n,c,p·t+r·d]
y[n,o,p]    = b[o] + Σ_cr w[o,c,r] u[n,c,r,p]
db[o]       = Σ_np dy[n,o,p]
dw[o,c,r]   = Σ_np dy[n,o,p] u[n,c,r,p]
du[n,c,r,p] = Σ_o  w[o,c,r] dy[n,o,p]                  dx = crop(scatter(du))

n batch · c input channel · o output channel · r kernel · p output position · t stride · d dilation; r and p stand for
one letter per axis. With groups, every array has one more letter, g, and the groups are independent of each other.
The sums are carried out in _correlation.py.

In the docstrings, _for_op.py replaces {cells}, {taps} and {positions} by the letters of an op's axes.
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
    one int for each of ({cells}). Along an axis of n elements, padding included, a kernel of k taps has
    ⌊(n − dilation·(k − 1) − 1)/stride⌋ + 1 positions.

    Args:
        stride: elements from one window to the next, at least 1.
        padding: zeros on each side of an axis. "valid" means none. "same" makes y as large as x; an odd zero goes to
            the end. It needs stride 1.
        dilation: elements from one tap of the kernel to the next, at least 1.
        groups: number of groups of channels. Each group of y depends only on the same group of x.

    Raises:
        ValueError: the dtypes differ, the shapes or the options do not fit together, or x is unbatched (unsupported).
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
        ValueError: forward would reject the call, or dy does not have y's shape.
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
    """Only dx: the gradient of every window, added where the window lies in x (E9a).

    dy (N, O, {positions}), x_shape (N, C, {cells}) as a tuple, w (O, C/groups, {taps}) → dx (N, C, {cells}).
    The same as torch.nn.grad.{op}_input, which takes the arrays in another order. The options are forward's.

    Raises:
        ValueError: forward would reject such shapes or options, or dy does not have y's shape.
    """
    return dx_of(dy, w, x_shape, conv(op, x_shape, w.shape, None, stride, padding, dilation, groups, dy), groups)


@ieee
def weight_gradient(
    op: str, dy: Array, x: Array, w_shape: tuple[int, ...], *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Array:  # fmt: skip
    """Only dw: each tap reads the input at the strided window positions (E10).

    dy (N, O, {positions}), x (N, C, {cells}), w_shape (O, C/groups, {taps}) as a tuple → dw (O, C/groups, {taps}).
    The same as torch.nn.grad.{op}_weight, which takes the arrays in another order. The options are forward's.

    Raises:
        ValueError: forward would reject such shapes or options, or dy does not have y's shape.
    """
    return dw_of(dy, x, w_shape, conv(op, x.shape, w_shape, None, stride, padding, dilation, groups, dy), groups)
