"""Transposed convolution over any number of axes: the input gradient of a convolution, as an op.   Formula E9.

du[n,o,r,p] = Σ_c w[c,o,r] x[n,c,p]                    y[n,o,i] = b[o] + crop(scatter(du))
u           = the windows of dy, padded where y was cropped
db[o]       = Σ_ni dy[n,o,i]
dw[c,o,r]   = Σ_np x[n,c,p] u[n,o,r,p]
dx[n,c,p]   = Σ_or w[c,o,r] u[n,o,r,p]                 a convolution of dy with w

n batch · c input channel · o output channel · r kernel · p input position · i output position; with groups one more, g.
output_padding adds elements at the end of y that no window reaches: the output of a convolution of stride t does not
determine their number. The sums are carried out in _correlation.py, where x and y, and c and o, swap names.

In the docstrings, _for_op.py replaces {cells}, {taps} and {positions} by the letters of the axes of x, w and y.
"""

from ._correlation import along_channels, dw_of, dx_of, sum_channels, y_of
from ._floats import ieee
from ._geometry import conv_transpose, same_dtype
from ._typing import Array, Ints


@ieee
def forward(
    op: str, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints = 0, output_padding: Ints = 0, groups: int = 1, dilation: Ints = 1,
) -> Array:  # fmt: skip
    """x (N, C, {cells}), w (C, O/groups, {taps}), b (O,) or None → y (N, O, {positions}).

    The same as torch.nn.functional.{op}. stride, padding, output_padding and dilation are each one int for all
    axes, or a tuple of one int for each of ({cells}). Along an axis, for n elements of x and a kernel of k taps, y has
    (n − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1 elements.

    Args:
        stride: elements of y from the window of one element of x to that of the next, at least 1.
        padding: elements to cut off on each side of an axis of y.
        output_padding: elements to add at the end of an axis of y, fewer than stride or fewer than dilation.
        groups: number of groups of channels. Each group of y depends only on the same group of x.
        dilation: elements from one tap of the kernel to the next, at least 1.

    Raises:
        ValueError: the dtypes differ, the shapes or the options do not fit together, or x is unbatched (unsupported).
    """
    same_dtype(op, x=x, w=w, b=b)
    t, d, pads, size = conv_transpose(op, x.shape, w.shape, b, stride, padding, output_padding, groups, dilation)
    y = dx_of(x, w, (len(x), w.shape[1] * groups, *size), (t, d, pads), groups)
    if b is not None:
        y += along_channels(b, y)
    return y


@ieee
def backward(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints = 0, output_padding: Ints = 0, groups: int = 1, dilation: Ints = 1,
) -> tuple[Array, Array, Array | None]:  # fmt: skip
    """dy (N, O, {positions}) → dx (N, C, {cells}), dw (C, O/groups, {taps}), db (O,), None without b.

    The same as autograd's gradients of torch.nn.functional.{op}. x, w, b and the options are forward's.

    Raises:
        ValueError: forward would reject the call, or dy does not have y's shape.
    """
    same_dtype(op, x=x, w=w, b=b)
    t, d, pads, _ = conv_transpose(op, x.shape, w.shape, b, stride, padding, output_padding, groups, dilation, dy)
    dx = y_of(dy, w, None, x.shape[2:], (t, d, pads), groups)
    dw = dw_of(x, dy, w.shape, (t, d, pads), groups)
    return dx, dw, None if b is None else sum_channels(dy)
