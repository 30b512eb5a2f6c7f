"""Digital photos.

E0   printed  an image is one matrix (gray) or three (RGB) of values 0 … 255, a byte each
     general  x[n,c,h,w] = image[n,h,w,c] as a float; gray = 0.2989 R + 0.5870 G + 0.1140 B
"""

import numpy as np
from numpy.typing import DTypeLike

from .. import conv2d
from .._errors import invalid
from .._typing import Array

LUMA = (0.2989, 0.5870, 0.1140)


def to_nchw(images: Array, dtype: DTypeLike = np.float64) -> Array:
    """E0: bytes (N, H, W, C), or (N, H, W) of one channel → floats (N, C, H, W), still 0 … 255.

    Raises:
        ValueError: the values are not bytes, or there is no batch.
    """
    if images.dtype != np.uint8 or images.ndim not in (3, 4):
        raise invalid("to_nchw", "images must be bytes, (N, H, W) or (N, H, W, C)", images=images, dtype=images.dtype)
    channels = images[..., None] if images.ndim == 3 else images
    return np.ascontiguousarray(channels.transpose(0, 3, 1, 2), dtype)


def gray(x: Array) -> Array:
    """E0: floats (N, 3, H, W), red, green, blue → their luminance (N, 1, H, W).

    Raises:
        ValueError: there are not three channels, or they are not floats; products of bytes would wrap.
    """
    if x.ndim != 4 or x.shape[1] != 3 or x.dtype.kind != "f":
        raise invalid("gray", "x must be (N, 3, H, W) floats", x=x, dtype=x.dtype)
    y: Array = np.einsum("nchw,c->nhw", x, np.array(LUMA, x.dtype))
    return y[:, None]


def convolve_bytes_as_printed(x: Array, w: Array) -> Array:
    """E0 as printed: a convolution of bytes kept in bytes, (N, C, H, W) by (O, C, f, f): every sum is modulo 256."""
    return conv2d.forward(x.astype(np.uint8), w.astype(np.uint8))


def bytes_hold_when(v: int = 255, f: int = 1) -> bool:
    """E0 holds when no sum exceeds 255: v f² ≤ 255 for a filter of ones on an image of v."""
    return v * f * f <= 255
