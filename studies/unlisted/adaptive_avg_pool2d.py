"""Unlisted wrong derivations of adaptive average pooling."""

from typing import Any

import numpy as np

from cnn_oracle.manual import adaptive_avg_pool2d
from cnn_oracle.manual._adaptive import windows
from cnn_oracle.manual._typing import Array


def divided_by_the_squared_height(x: Array, *, output_size: Any) -> Array:
    """a window's sum is divided by the square of its height; height times width is right"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    heights, widths = (np.array([i.stop - i.start for i in axis], x.dtype) for axis in (rows, columns))
    y: Array = adaptive_avg_pool2d.forward(x, output_size=output_size) * (widths / heights[:, None])
    return y


def last_row_left_out_of_dx(dy: Array, x: Array, *, output_size: Any) -> tuple[Array]:
    """the loop over the rows of dy ends one too early, so the last row of windows gets no gradient"""
    most = dy.copy()
    most[:, :, -1] = 0
    return adaptive_avg_pool2d.backward(most, x, output_size=output_size)
