"""Average pooling along one axis: x (N, C, L).   y[n,c,p] = the mean over the window at p; dy is shared out evenly.

Formula E14; the derivation stands in _avg_pool.py. Arguments as in torch's avg_pool1d, which has no divisor_override.
"""

from manual import _avg_pool
from manual._typing import Array, Ints


def forward(
    x: Array, *, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> Array:  # fmt: skip
    """x (N, C, L) → y (N, C, P)."""
    return _avg_pool.forward(
        "avg_pool1d", x, kernel_size=kernel_size, stride=stride, padding=padding,
        ceil_mode=ceil_mode, count_include_pad=count_include_pad,
    )  # fmt: skip


def backward(
    dy: Array, x: Array, *, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    ceil_mode: bool = False, count_include_pad: bool = True,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, P) → dx (N, C, L)."""
    return _avg_pool.backward(
        "avg_pool1d", dy, x, kernel_size=kernel_size, stride=stride, padding=padding,
        ceil_mode=ceil_mode, count_include_pad=count_include_pad,
    )  # fmt: skip
