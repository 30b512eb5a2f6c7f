"""Average pooling along one axis: x (N, C, L).   y[n,c,p] = the mean over the window at p; dy is shared out evenly.

Formula E14; the derivation is in _avg_pool.py. Arguments as in torch's avg_pool1d, which has no divisor_override.
"""

from . import _avg_pool
from ._typing import Array, Ints


def forward(
    x: Array, *, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> Array:  # fmt: skip
    """x (N, C, L) → y (N, C, P).

    The same as torch.nn.functional.avg_pool1d. kernel_size, stride and padding are each an int or a tuple of one int.

    Args:
        kernel_size: elements of a window.
        stride: elements from one window to the next, at least 1; None means kernel_size.
        padding: zeros on each side of the axis, at most half of kernel_size.
        ceil_mode: whether a last window may reach beyond the padding. It must begin in x or in the padding before x.
        count_include_pad: whether the divisor of a sum includes the padding.

    Raises:
        ValueError: PyTorch rejects the options, x is unbatched (unsupported), or an axis of x other than N is empty.
    """
    return _avg_pool.forward(
        "avg_pool1d", x, kernel_size=kernel_size, stride=stride, padding=padding,
        ceil_mode=ceil_mode, count_include_pad=count_include_pad,
    )  # fmt: skip


def backward(
    dy: Array, x: Array, *, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, P) → dx (N, C, L).

    The same as autograd's gradient of torch.nn.functional.avg_pool1d. x and the options are forward's.

    Raises:
        ValueError: forward would reject the call, or dy does not have y's shape.
    """
    return _avg_pool.backward(
        "avg_pool1d", dy, x, kernel_size=kernel_size, stride=stride, padding=padding,
        ceil_mode=ceil_mode, count_include_pad=count_include_pad,
    )  # fmt: skip
