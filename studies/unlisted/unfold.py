"""Unlisted wrong derivations of unfold."""

from typing import Any

import numpy as np

from cnn_oracle.manual import unfold
from cnn_oracle.manual._geometry import padded_size, windows_of_image
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import gather, pad


def padding_exchanged(x: Array, *, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Array:
    """the padding of the rows is put beside the columns, and that of the columns above the rows"""
    k, d, t, pads, _ = windows_of_image("unfold", x.shape, x.shape[2:], kernel_size, dilation, padding, stride)
    size = padded_size(x.shape[2:], pads)
    xp = pad(x, pads[::-1])
    xp = pad(xp, [(0, max(n - m, 0)) for n, m in zip(size, xp.shape[2:], strict=True)])[:, :, : size[0], : size[1]]
    u = gather(xp, k, t, d)
    return u.reshape(len(x), x.shape[1] * k[0] * k[1], u.shape[4] * u.shape[5]).copy()


def mean_of_the_windows_in_dx(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is the mean of dy over the windows that overlap; it must be their sum"""
    (count,) = unfold.backward(np.ones_like(dy), x, **options)
    return (unfold.backward(dy, x, **options)[0] / np.maximum(count, 1),)
