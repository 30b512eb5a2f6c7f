"""The L_p norm of each window.   Formula E14.

s[n,c,p,q] = Σ_rs u[n,c,r,s,p,q]^P · R S / a[p,q]      u the windows of x, P norm_type; beyond x, u^P is 0
y[n,c,p,q] = s^(1/P)
dx[n,c,h,w] = x^(P−1) Σ dy y^(1−P) · R S / a           over the windows that hold h, w; a window with s = 0 adds 0

The power is that of x, not of |x|: a negative s may have no real root, and y is NaN. a[p,q] is the number of elements
of a window: R S, unless ceil_mode lets it reach beyond the image. PyTorch scales such a part up to a whole window.
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._geometry import Pads, Shape, padded_size, pool
from ._typing import Array, Ints
from ._windows import crop, over_windows, pad, scatter


@ieee  # the root of a negative sum is NaN
def forward(
    x: Array, *, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Array:
    """x (N, C, H, W) → y (N, C, P, Q); arguments as in torch's lp_pool2d. norm_type ∞ is unsupported: use max_pool2d.

    Raises:
        ValueError: PyTorch rejects the geometry, norm_type is 0 or not finite, or x is unbatched (unsupported).
    """
    k, t, pads = _geometry(x, norm_type, kernel_size, stride, ceil_mode)
    s = over_windows(np.add, pad(x ** float(norm_type), pads), k, t, (1, 1)) * _scale(x, k, t, pads)
    y: Array = s ** (1 / norm_type)
    return y


@ieee
def backward(
    dy: Array, x: Array, *, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> tuple[Array]:
    """dy (N, C, P, Q) → dx (N, C, H, W)."""
    k, t, pads = _geometry(x, norm_type, kernel_size, stride, ceil_mode)
    y = forward(x, norm_type=norm_type, kernel_size=k, stride=t, ceil_mode=ceil_mode)
    if dy.shape != y.shape:
        raise invalid("lp_pool2d", f"dy must have y's shape {y.shape}", dy=dy, x=x)
    power = float(norm_type - 1)
    share = np.divide(dy, y**power, out=np.zeros_like(y), where=y != 0) * _scale(x, k, t, pads)
    shares = np.broadcast_to(share[:, :, None, None], (*x.shape[:2], *k, *dy.shape[2:]))
    return (x**power * crop(scatter(shares, padded_size(x.shape[2:], pads), t, (1, 1)), pads),)


def _geometry(
    x: Array, norm_type: float, kernel_size: Ints, stride: Ints | None, ceil_mode: bool
) -> tuple[Shape, Shape, Pads]:
    if not norm_type or not np.isfinite(norm_type):
        raise invalid("lp_pool2d", "norm_type must be a finite number other than 0", x=x, norm_type=norm_type)
    k, t, _, pads = pool("lp_pool2d", x.shape, kernel_size, stride, 0, 1, ceil_mode)
    return k, t, pads


def _scale(x: Array, kernel: Shape, stride: Shape, pads: Pads) -> Array:
    """R S / a, in the shape of the output axes: 1 unless ceil_mode reaches beyond the image."""
    a = over_windows(np.add, pad(np.ones(x.shape[2:], x.dtype), pads), kernel, stride, (1, 1))
    scale: Array = x.dtype.type(kernel[0] * kernel[1]) / a
    return scale
