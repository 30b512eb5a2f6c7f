"""Unlisted wrong derivations of fold."""

from typing import Any

import numpy as np

from cnn_oracle.manual import fold
from cnn_oracle.manual._geometry import per_axis
from cnn_oracle.manual._typing import Array


def last_window_left_out(x: Array, **options: Any) -> Array:
    """the loop over the columns ends one too early, so the last window is not added"""
    most = x.copy()
    most[:, :, -1] = 0
    return fold.forward(most, **options)


def taps_rotated(x: Array, **options: Any) -> Array:
    """the taps of a window are added in the opposite order: the window is rotated by 180°"""
    k = per_axis("fold", "kernel_size", options["kernel_size"], 2, 1)
    u = x.reshape(len(x), x.shape[1] // (k[0] * k[1]), k[0] * k[1], x.shape[2])
    return fold.forward(np.flip(u, 2).reshape(x.shape), **options)
