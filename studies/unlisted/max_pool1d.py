"""Unlisted wrong derivations of max pooling along one axis."""

from typing import Any

import numpy as np

from cnn_oracle.manual._geometry import padded_size, pool
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import crop, gather, pad, scatter


def last_tap_left_out(x: Array, **options: Any) -> Array:
    """the loop over a window ends one too early, so its last element takes no part"""
    k, t, d, pads = _geometry(x, **options)
    u = gather(pad(x, pads, -np.inf), k, t, d)
    y: Array = u[:, :, : max(k[0] - 1, 1)].max(2)
    return y


def first_element_gets_dy(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dy goes to the first element of each window, not to its maximum"""
    k, t, d, pads = _geometry(x, **options)
    du = np.zeros((*x.shape[:2], *k, *dy.shape[2:]), dy.dtype)
    du[:, :, 0] = dy
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads).copy(),)


def _geometry(
    x: Array, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Any:
    return pool("max_pool1d", x.shape, kernel_size, stride, padding, dilation, ceil_mode)
