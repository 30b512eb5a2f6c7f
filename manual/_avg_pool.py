"""Average pooling over any number of axes: the mean of each window. Its elements share dy evenly.   Formula E14.

u           = the windows of zero-padded x
y[n,c,p]    = Σ_r u[n,c,r,p] / a[p]
du[n,c,r,p] = dy[n,c,p] / a[p]                         dx = crop(scatter(du))

r stands for all kernel axes, p for all output axes. a[p] is the number of elements of a window. It includes the padding
if count_include_pad, but never what ceil_mode adds behind the padding. divisor_override replaces it.

In the docstrings, _for_op.py replaces {cells} and {positions} by the letters of an op's axes.
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._geometry import Pads, Shape, padded_size, pool
from ._typing import Array, Ints
from ._windows import crop, over_windows, pad, scatter


@ieee
def forward(
    op: str, x: Array, *, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Array:  # fmt: skip
    """x (N, C, {cells}) → y (N, C, {positions}).

    The same as torch.nn.functional.{op}. kernel_size, stride and padding are each one int for all axes, or a tuple of
    one int for each of ({cells}).

    Args:
        kernel_size: elements of a window along an axis.
        stride: elements from one window to the next, at least 1; None means kernel_size.
        padding: zeros on each side of an axis, at most half of kernel_size.
        ceil_mode: whether a last window may reach beyond the padding. It must begin in x or in the padding before x.
        count_include_pad: whether the divisor of a sum includes the padding.
        divisor_override: the divisor of every sum instead, an int other than 0.

    Raises:
        ValueError: PyTorch rejects the options, x is unbatched (unsupported), or an axis of x other than N is empty.
    """
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, 1, ceil_mode)
    a = _counts(op, x.shape, k, t, pads, count_include_pad, divisor_override)
    y: Array = over_windows(np.add, pad(x, pads), k, t, d) / a.astype(x.dtype)
    return y


@ieee
def backward(
    op: str, dy: Array, x: Array, *, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, {positions}) → dx (N, C, {cells}).

    The same as autograd's gradient of torch.nn.functional.{op}. x and the options are forward's.

    Raises:
        ValueError: forward would reject the call, or dy does not have y's shape.
    """
    k, t, d, pads = pool(op, x.shape, kernel_size, stride, padding, 1, ceil_mode, dy)
    a = _counts(op, x.shape, k, t, pads, count_include_pad, divisor_override)
    share = np.expand_dims(dy / a.astype(dy.dtype), tuple(range(2, x.ndim)))
    du = np.broadcast_to(share, (*x.shape[:2], *k, *dy.shape[2:]))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def _counts(
    op: str, x: Shape, kernel: Shape, stride: Shape, pads: Pads, include_pad: bool, divisor_override: int | None
) -> Array:  # fmt: skip
    """a, the divisor of each window's sum, in the shape of the output axes."""
    if divisor_override is not None and (not isinstance(divisor_override, int) or divisor_override == 0):
        raise invalid(op, "the divisor must be an int, not zero", x=x, divisor_override=divisor_override)
    both_sides, behind = [(p, p) for p, _ in pads], [(0, hi - p) for p, hi in pads]
    cells = pad(pad(np.ones(x[2:], int), both_sides, include_pad), behind)
    a = over_windows(np.add, cells, kernel, stride, (1,) * len(kernel))
    return a if divisor_override is None else np.full_like(a, divisor_override)
