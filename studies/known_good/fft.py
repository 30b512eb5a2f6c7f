"""Convolution as a product of spectra. It computes all windows of stride 1; a larger stride keeps some of them."""

from types import SimpleNamespace
from typing import Any

import numpy as np

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
    wide = padded(x, pads)
    spread = np.zeros((*w.shape[:2], *(e * (k - 1) + 1 for e, k in zip(d, w.shape[2:], strict=True))), w.dtype)
    spread[:, :, :: d[0], :: d[1]] = w
    size = wide.shape[2:]
    parts = zip(np.split(wide, groups, 1), np.split(spread, groups), strict=True)
    y = np.concatenate([np.fft.ifft2(_product(u, v, size)).real for u, v in parts], 1)
    h, v = (n - k + 1 for n, k in zip(size, spread.shape[2:], strict=True))
    y = y[:, :, : h : t[0], : v : t[1]].astype(x.dtype)
    return y if b is None else y + b[:, None, None]


def _product(x: Array, w: Array, size: tuple[int, ...]) -> Array:
    return np.asarray(np.einsum("nchw,ochw->nohw", np.fft.fft2(x), np.conj(np.fft.fft2(w, size))))


conv2d = SimpleNamespace(forward=forward, backward=right.backward)
