"""Transposed convolution over any number of axes: the input gradient of a convolution, read forwards.   Formula E9.

du[n,o,r,p] = Σ_c w[c,o,r] x[n,c,p]                    y[n,o,i] = b[o] + crop(scatter(du))
u           = the windows of dy, padded where y was cropped
db[o]       = Σ_ni dy[n,o,i]
dw[c,o,r]   = Σ_np x[n,c,p] u[n,o,r,p]
dx[n,c,p]   = Σ_or w[c,o,r] u[n,o,r,p]                 a convolution of dy with w

n batch · c input channel · o output channel · r kernel · p input position · i output position; with groups one more, g.
output_padding adds cells behind y that no window reached: a convolution of stride t forgets how many there were.
The sums are carried out in _correlation.py, where x and y, c and o have each other's names.
"""

from manual._correlation import along_channels, dw_of, dx_of, sum_channels, y_of
from manual._floats import ieee
from manual._geometry import conv_transpose, same_dtype
from manual._typing import Array, Ints


@ieee
def forward(
    op: str, x: Array, w: Array, b: Array | None = None, *,
    stride: Ints = 1, padding: Ints = 0, output_padding: Ints = 0, groups: int = 1, dilation: Ints = 1,
) -> Array:  # fmt: skip
    """x (N, C, …), w (C, O/groups, …), b (O,) or None → y (N, O, …).

    Raises:
        ValueError: the shapes or the geometry do not fit together, or the input is not batched.
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
    """dy (N, O, …) → dx, dw, db, each of its primal's shape; db is None where b is."""
    same_dtype(op, x=x, w=w, b=b)
    t, d, pads, _ = conv_transpose(op, x.shape, w.shape, b, stride, padding, output_padding, groups, dilation, dy)
    dx = y_of(dy, w, None, x.shape[2:], (t, d, pads), groups)
    dw = dw_of(x, dy, w.shape, (t, d, pads), groups)
    return dx, dw, None if b is None else sum_channels(dy)
