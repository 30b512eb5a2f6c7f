"""SciPy, which has no gradients, strides or dilations.

scipy.signal       convolutions: correlate by sums (1-d), correlate2d, correlate by FFT (3-d), of one channel with one
                   kernel, in the modes "valid", "same" and "full"; transposed convolutions: upfirdn (1-d, the only one
                   that has a stride), convolve2d, and fftconvolve (3-d)
scipy.ndimage      pooling: uniform_filter and maximum_filter, cropped; interpolate: zoom of order 0 and 1, whose
                   grid_mode corresponds to align_corners=False
scipy.special      expit, softmax, log_softmax, softplus, huber
scipy.spatial      cityblock and sqeuclidean, which are sums, and float64 if weighted
scipy.linalg       gemm of BLAS
"""

from math import prod
from typing import Any

import numpy as np
import scipy.linalg
import scipy.ndimage
import scipy.signal
import scipy.special
from scipy.spatial import distance

from cnn_oracle.studies.packages.options import Lacks, each, only
from cnn_oracle.subject import Implementation


def _each_pair(f: Any, x: Any, w: Any, b: Any) -> Any:
    """``f`` of each image with each kernel, summed over the channels."""
    if not len(x):
        raise Lacks("an empty batch")
    y = np.array([[sum(map(f, image, kernel)) for kernel in w] for image in x])
    return y if b is None else y + b.reshape(-1, *[1] * (x.ndim - 2))


def _convolution(correlate: Any) -> Implementation:
    def forward(
        x: Any, w: Any, b: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
    ) -> Any:
        only(stride=(stride, 1), dilation=(dilation, 1), groups=(groups, 1))
        mode = padding if isinstance(padding, str) else _mode(each(padding, x.ndim - 2), w.shape[2:])
        return _each_pair(lambda image, kernel: correlate(image, kernel, mode), x, w, b)

    return Implementation(forward, None)


def _mode(padding: tuple[int, ...], kernel: tuple[int, ...]) -> str:
    if not any(padding):
        return "valid"
    if padding == tuple(k - 1 for k in kernel):
        return "full"
    raise Lacks("padding")


def _transposed(convolve: Any, strides: bool = False) -> Implementation:
    def forward(
        x: Any, w: Any, b: Any, *,
        stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
    ) -> Any:  # fmt: skip
        zeros = {"padding": (padding, 0), "output_padding": (output_padding, 0)}
        only(**zeros, groups=(groups, 1), dilation=(dilation, 1), stride=(stride, stride if strides else 1))
        return _each_pair(lambda image, kernel: convolve(image, kernel, stride), x, w.swapaxes(0, 1), b)

    return Implementation(forward, None)


def _max_pool(x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, **_: Any) -> Any:
    """Windows of stride 1, where ceil_mode has no effect. A footprint makes dilated windows."""
    rank = x.ndim - 2
    only(stride=(kernel_size if stride is None else stride, 1))
    dilation, kernel = each(dilation, rank), each(kernel_size, rank)
    window = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
    footprint = np.zeros((1, 1, *window), bool)
    footprint[:, :, *(slice(None, None, d) for d in dilation)] = True
    y = scipy.ndimage.maximum_filter(x, footprint=footprint, mode="constant", cval=-np.inf)
    return y[_cropped(x.shape[2:], window, each(padding, rank))]


def _avg_pool(
    x: Any, *, kernel_size: Any, stride: Any = None, padding: Any = 0,
    count_include_pad: bool = True, divisor_override: int | None = None, **_: Any,
) -> Any:  # fmt: skip
    rank = x.ndim - 2
    only(stride=(kernel_size if stride is None else stride, 1), divisor_override=(divisor_override, None))
    only(count_include_pad=(count_include_pad or padding == 0, True))
    kernel = each(kernel_size, rank)
    y = scipy.ndimage.uniform_filter(x, (1, 1, *kernel), mode="constant")
    return y[_cropped(x.shape[2:], kernel, each(padding, rank))]


def _cropped(size: tuple[int, ...], window: tuple[int, ...], padding: tuple[int, ...]) -> tuple[Any, ...]:
    """The centres whose windows PyTorch has. ndimage centres a filter at each element of the image."""
    cuts = []
    for n, k, p in zip(size, window, padding, strict=True):
        first, last = k // 2 - p, n + p - k + k // 2
        if last >= n:  # half of an even window lies before the image, and half behind it
            raise Lacks("padding")
        cuts.append(slice(first, last + 1))
    return ..., *cuts


def _interpolate(
    x: Any, *, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    **_: Any,
) -> Any:  # fmt: skip
    order, rank = {"nearest": 0, "bilinear": 1}[mode], x.ndim - 2
    by = each(scale_factor, rank) if size is None else np.divide(each(size, rank), x.shape[2:])
    return scipy.ndimage.zoom(x, (1, 1, *by), order=order, mode="nearest", grid_mode=not align_corners)


def _gemm(x: Any, w: Any, b: Any) -> Any:
    gemm = scipy.linalg.get_blas_funcs("gemm", (x, w))
    y = gemm(1, x.reshape(prod(x.shape[:-1]), x.shape[-1]), w, trans_b=True).reshape(*x.shape[:-1], len(w))
    return y if b is None else y + b


def _softplus(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    only(beta=(beta, 1), threshold=(threshold, 20))
    return scipy.special.softplus(x)


def _huber(x: Any, target: Any, *, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    only(reduction=(reduction, "none"), weight=(weight is None, True))
    return scipy.special.huber(x.dtype.type(delta), x - target)


def _distance(of: Any) -> Implementation:
    def forward(x: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Any:
        only(reduction=(reduction, "sum"))
        return x.dtype.type(of(x.ravel(), target.ravel(), None if weight is None else weight.ravel()))

    return Implementation(forward, None)


conv1d = _convolution(lambda x, w, mode: scipy.signal.correlate(x, w, mode, method="direct"))
conv2d = _convolution(scipy.signal.correlate2d)
conv3d = _convolution(lambda x, w, mode: scipy.signal.correlate(x, w, mode, method="fft"))
conv_transpose1d = _transposed(lambda x, w, stride: scipy.signal.upfirdn(w, x, up=stride), strides=True)
conv_transpose2d = _transposed(lambda x, w, _: scipy.signal.convolve2d(x, w))
conv_transpose3d = _transposed(lambda x, w, _: scipy.signal.fftconvolve(x, w))
linear = Implementation(_gemm, None)
max_pool1d = max_pool2d = max_pool3d = Implementation(_max_pool, None)
avg_pool1d = avg_pool2d = avg_pool3d = Implementation(_avg_pool, None)
interpolate = Implementation(_interpolate, None)
sigmoid = Implementation(lambda x: scipy.special.expit(x), None)
softplus = Implementation(_softplus, None)
softmax = Implementation(lambda x, *, dim: scipy.special.softmax(x, axis=dim), None)
log_softmax = Implementation(lambda x, *, dim: scipy.special.log_softmax(x, axis=dim), None)
l1_loss = _distance(distance.cityblock)
mse_loss = _distance(distance.sqeuclidean)
huber_loss = Implementation(_huber, None)
