"""The mean of each window; its gradient is shared out evenly.   Formula E14.

u[n,c,r,s,p,q]    = the windows of zero-padded x
y[n,c,p,q]        = Σ_rs u[n,c,r,s,p,q] / a[p,q]
du[n,c,r,s,p,q]   = dy[n,c,p,q] / a[p,q]                   dx = crop(scatter(du))

a[p,q] counts the cells of a window: with its padding (count_include_pad) or without, never what ceil_mode adds
behind the padding; divisor_override replaces it.
"""

import numpy as np

from manual._errors import refusal
from manual._geometry import Pads, Shape, padded_size, per_axis, pool
from manual._typing import Array, Ints
from manual._windows import crop, gather, pad, scatter


def forward(
    x: Array, *, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Array:  # fmt: skip
    """x (N, C, H, W) → y (N, C, P, Q); arguments as in torch's avg_pool2d, stride defaults to kernel_size.

    Raises:
        ValueError: PyTorch would refuse the geometry or the divisor, or the input is not batched.
    """
    k, t, d, pads = pool("avg_pool2d", x.shape, kernel_size, stride, padding, 1, ceil_mode)
    a = counts(x.shape, k, t, pads, padding, count_include_pad, divisor_override)
    y: Array = gather(pad(x, pads), k, t, d).sum((2, 3)) / a.astype(x.dtype)
    return y


def backward(
    dy: Array, x: Array, *, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> tuple[Array]:  # fmt: skip
    """dy (N, C, P, Q) → dx (N, C, H, W)."""
    k, t, d, pads = pool("avg_pool2d", x.shape, kernel_size, stride, padding, 1, ceil_mode, dy)
    a = counts(x.shape, k, t, pads, padding, count_include_pad, divisor_override)
    share = (dy / a.astype(dy.dtype))[:, :, None, None]
    du = np.broadcast_to(share, (*x.shape[:2], *k, *dy.shape[2:]))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads),)


def counts(
    x: Shape, kernel: Shape, stride: Shape, pads: Pads, padding: Ints, include_pad: bool, divisor_override: int | None
) -> Array:
    """a (P, Q): what each window's sum is divided by."""
    if divisor_override is not None and (not isinstance(divisor_override, int) or divisor_override == 0):
        raise refusal("avg_pool2d", "the divisor must be an int, not zero", x=x, divisor_override=divisor_override)
    both_sides = [(p, p) for p in per_axis("avg_pool2d", "padding", padding, 2, 0)]
    behind = [(0, hi - p) for (_, hi), (p, _) in zip(pads, both_sides, strict=True)]
    cells = pad(pad(np.ones(x[2:], int), both_sides, include_pad), behind)
    a: Array = gather(cells, kernel, stride, (1, 1)).sum((0, 1))
    return a if divisor_override is None else np.full_like(a, divisor_override)
