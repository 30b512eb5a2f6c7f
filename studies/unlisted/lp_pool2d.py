"""Unlisted wrong derivations of power-mean pooling."""

from typing import Any

import numpy as np

from cnn_oracle.manual import lp_pool2d
from cnn_oracle.manual._geometry import padded_size, pool
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import crop, scatter


def norm_type_two(x: Array, *, norm_type: float, **options: Any) -> Array:
    """norm_type is ignored: it is always 2"""
    return lp_pool2d.forward(x, norm_type=2.0, **options)


def eps_in_the_divisor(
    dy: Array, x: Array, *, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> tuple[Array]:
    """1e-6 is added to y^(P−1) before dx divides by it"""
    k, t, _, pads = pool("lp_pool2d", x.shape, kernel_size, stride, 0, 1, ceil_mode)
    y = lp_pool2d.forward(x, norm_type=norm_type, kernel_size=k, stride=t, ceil_mode=ceil_mode)
    share = dy / (y ** float(norm_type - 1) + 1e-6) * lp_pool2d._scale(x, k, t, pads)
    shares = np.broadcast_to(share[:, :, None, None], (*x.shape[:2], *k, *dy.shape[2:]))
    return (x ** float(norm_type - 1) * crop(scatter(shares, padded_size(x.shape[2:], pads), t, (1, 1)), pads),)
