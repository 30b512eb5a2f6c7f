"""Wrong derivations of the transposed convolution, over any number of axes."""

from typing import Any

import numpy as np

from cnn_oracle.manual import _transposed
from cnn_oracle.manual._correlation import along_channels, merge, y_of
from cnn_oracle.manual._geometry import Pads, Shape, conv_transpose
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import cells, crop, pad
from cnn_oracle.mistakes._windows import Gradients, overwritten, rotated, shares


def kernel_rotated(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the kernel is rotated by 180° before the scatter; only a convolution of zero-inserted x needs that"""
    return _transposed.forward(op, x, rotated(w), b, **options)


def channels_reshaped(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """w is read as a convolution's (O, C/groups, …), so each group's in and out channels are exchanged"""
    return _transposed.forward(op, x, _exchanged(w, options.get("groups", 1)), b, **options)


def bias_of_the_first_group(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """every group gets the bias of the first group"""
    groups = options.get("groups", 1)
    return _transposed.forward(op, x, w, None if b is None else np.tile(b[: len(b) // groups], groups), **options)


def output_padding_at_the_front(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """output_padding adds its elements at the front of y, not at the end"""
    _, _, pads, _, extra = _geometry(op, x, w, b, **options)
    y = _whole(op, x, w, **options)
    return _biased(crop(pad(y, [(e, 0) for e in extra]), pads).copy(), b)


def output_padding_of_zeros(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """output_padding appends zeros to y; it must crop less, which keeps products and bias there"""
    _, _, pads, size, extra = _geometry(op, x, w, b, **options)
    y = _biased(crop(pad(_whole(op, x, w, **options), [(0, e) for e in extra]), pads).copy(), b)
    for axis, (n, e) in enumerate(zip(size, extra, strict=True), 2):
        np.moveaxis(y, axis, 0)[max(n - e, 0) :] = 0
    return y


def one_zero_too_many(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """stride zeros are inserted between the elements of x, not stride − 1; y is cropped to its size"""
    t, _, pads, size, _ = _geometry(op, x, w, b, **options)
    y = _whole(op, x, w, **(options | {"stride": tuple(i + 1 for i in t)}))
    y = pad(y, [(0, lo + hi + n) for n, (lo, hi) in zip(size, pads, strict=True)])
    return _biased(y[cells(slice(lo, lo + n) for n, (lo, _) in zip(size, pads, strict=True))].copy(), b)


def padding_widens(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """padding adds elements around y; it must remove them"""
    _, _, pads, _, extra = _geometry(op, x, w, b, **options)
    pads = [(lo, hi + e) for (lo, hi), e in zip(pads, extra, strict=True)]
    return _biased(pad(_whole(op, x, w, **options), pads), b)


def dilation_left_out_of_the_size(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """y's size is computed with k − 1, not d (k − 1), so the end of y is cut off"""
    y = _transposed.forward(op, x, w, b, **options)
    _, d, _, size, _ = _geometry(op, x, w, b, **options)
    axes = zip(size, w.shape[2:], d, strict=True)
    cut: Array = y[cells(slice(max(n - (d - 1) * (k - 1), 0)) for n, k, d in axes)]
    return cut


def bias_scattered(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the bias is added before the scatter, so an element of y gets it once per window that covers it"""
    y = _transposed.forward(op, x, w, None, **options)
    one = np.ones((1, 1, *x.shape[2:]), x.dtype), np.ones((1, 1, *w.shape[2:]), x.dtype)
    met = _transposed.forward(op, *one, **(options | {"groups": 1}))
    return y if b is None else y + along_channels(b, y) * met


def scatter_overwrites(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """y is assigned (=) where windows overlap, not added (+=)"""
    t, d, pads, size, _ = _geometry(op, x, w, b, **options)
    padded = tuple(lo + n + hi for n, (lo, hi) in zip(size, pads, strict=True))
    return _biased(crop(overwritten(shares(x, w, options.get("groups", 1)), padded, t, d), pads).copy(), b)


def kernel_rotated_in_dx(op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dx correlates dy with the kernel rotated by 180°, as for a convolution; it must not be rotated"""
    return _backward(op, dy, x, rotated(w), b, **options)[0], *_backward(op, dy, x, w, b, **options)[1:]


def channels_reshaped_in_dx(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """dx reads w as a convolution's (O, C/groups, …): in and out channels of a group are exchanged"""
    dx = _backward(op, dy, x, _exchanged(w, options.get("groups", 1)), b, **options)[0]
    return dx, *_backward(op, dy, x, w, b, **options)[1:]


def padding_forgotten_in_dx(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """dx reads its windows from dy's first element on; dy must be padded where y was cropped"""
    t, d, pads, _, _ = _geometry(op, x, w, b, **options)
    dx = y_of(dy, w, None, x.shape[2:], (t, d, [(0, lo + hi) for lo, hi in pads]), options.get("groups", 1))
    return dx, *_backward(op, dy, x, w, b, **options)[1:]


def weight_gradient_reshaped(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """dw is computed as (O, C/groups, …) and reshaped to w's shape, which mixes channels in each group"""
    dx, dw, db = _backward(op, dy, x, w, b, **options)
    g, c, o = options.get("groups", 1), w.shape[0] // options.get("groups", 1), w.shape[1]
    return dx, dw.reshape(g, c, o, *w.shape[2:]).swapaxes(1, 2).reshape(w.shape), db


def _exchanged(w: Array, groups: int) -> Array:
    """w (C, O/groups, …), read as if it were (O, C/groups, …)."""
    g, c, o = groups, w.shape[0] // groups, w.shape[1]
    return merge(w.reshape(g, o, c, *w.shape[2:]).swapaxes(1, 2), 0)


def _whole(op: str, x: Array, w: Array, **options: Any) -> Array:
    """y before it is cropped, without bias."""
    return _transposed.forward(op, x, w, None, **(options | {"padding": 0, "output_padding": 0}))


def _biased(y: Array, b: Array | None) -> Array:
    return y if b is None else y + along_channels(b, y)


def _backward(
    op: str, dy: Array, x: Array, w: Array, b: Array | None, **options: Any
) -> tuple[Array, Array, Array | None]:
    return _transposed.backward(op, dy, x, w, b, **options)


def _geometry(
    op: str, x: Array, w: Array, b: Array | None, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> tuple[Shape, Shape, Pads, Shape, Shape]:  # fmt: skip
    """Stride, dilation and padding per axis, the size of y's axes, output_padding per axis."""
    t, d, pads, size = conv_transpose(op, x.shape, w.shape, b, stride, padding, output_padding, groups, dilation)
    axes = zip(size, x.shape[2:], w.shape[2:], t, d, pads, strict=True)
    extra = tuple(m + lo + hi - (n - 1) * t - d * (k - 1) - 1 for m, n, k, t, d, (lo, hi) in axes)
    return t, d, pads, size, extra
