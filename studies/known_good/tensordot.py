"""Convolution with channels last, by tensordot: the same sums in another order. The gradients are manual's."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnn_oracle.manual import conv2d as right
from cnn_oracle.manual._geometry import conv, same_dtype
from cnn_oracle.manual._typing import Array
from cnn_oracle.studies.known_good.taps import padded


def forward(
    x: Array, w: Array, b: Array | None = None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Array:  # fmt: skip
    same_dtype("conv2d", x=x, w=w, b=b)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups)
    wide = padded(x, pads).transpose(0, 2, 3, 1)
    span = [e * (k - 1) + 1 for e, k in zip(d, w.shape[2:], strict=True)]
    windows = sliding_window_view(wide, span, (1, 2))[:, :: t[0], :: t[1], :, :: d[0], :: d[1]]
    parts = zip(np.split(windows, groups, 3), np.split(w, groups), strict=True)
    y = np.concatenate([np.tensordot(u, v, ((5, 4, 3), (3, 2, 1))) for u, v in parts], -1).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(y) if b is None else y + b[:, None, None]


conv2d = SimpleNamespace(forward=forward, backward=right.backward)
