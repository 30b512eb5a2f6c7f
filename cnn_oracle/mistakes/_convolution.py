"""Wrong derivations of the cross-correlation, over any number of axes."""

from typing import Any

import numpy as np

from cnn_oracle.manual import _convolution
from cnn_oracle.manual._correlation import dw_of
from cnn_oracle.manual._geometry import Pads, Shape, conv, padded_size
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import cells, crop, pad
from cnn_oracle.mistakes._windows import Gradients, overwritten, rotated, shares


def kernel_rotated(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the kernel is rotated by 180°, as in true convolution (formula E1 of the article); the layer cross-correlates"""
    return _convolution.forward(op, x, rotated(w), b, **options)


def padding_at_the_front(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """padding='same' puts the extra padding of an even kernel at the front, not at the end"""
    if options.get("padding") != "same":
        return _convolution.forward(op, x, w, b, **options)
    _, _, pads = _geometry(op, x, w, b, **options)
    return _convolution.forward(op, pad(x, [(hi, lo) for lo, hi in pads]), w, b, **(options | {"padding": 0}))


def dilation_off_by_one(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """every tap of a dilated kernel after the first is one element too far in front"""
    _, d, _ = _geometry(op, x, w, b, **options)
    zero_inserted = np.zeros((*w.shape[:2], *(d * (k - 1) + 1 for k, d in zip(w.shape[2:], d, strict=True))), w.dtype)
    taps = ([max(r * e - (e > 1), 0) for r in range(k)] for k, e in zip(w.shape[2:], d, strict=True))
    zero_inserted[cells(np.ix_(*taps))] = w
    return _convolution.forward(op, x, zero_inserted, b, **(options | {"dilation": 1}))


def bias_added_per_tap(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the bias is added inside the sum over channels, once per channel"""
    return _convolution.forward(op, x, w, None if b is None else b * b.dtype.type(w.shape[1]), **options)


def kernel_not_rotated(op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dx is a full cross-correlation of dy with the kernel, which must first be rotated by 180°"""
    dx = _convolution.input_gradient(op, dy, x.shape, rotated(w), **options)
    return dx, *_convolution.backward(op, dy, x, w, b, **options)[1:]


def stride_remainder_dropped(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """dx is zero in as many last rows as the stride leaves over, although these are rows of the padding"""
    dx, dw, db = _convolution.backward(op, dy, x, w, b, **options)
    t, d, pads = _geometry(op, x, w, b, **options)
    for axis, (n, k) in enumerate(zip(padded_size(x.shape[2:], pads), w.shape[2:], strict=True)):
        remainder = (n - d[axis] * (k - 1) - 1) % t[axis]
        np.moveaxis(dx, 2 + axis, 0)[max(0, x.shape[2 + axis] - remainder) :] = 0
    return dx, dw, db


def scatter_overwrites(op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dx is assigned (=) where windows overlap, not added (+=)"""
    t, d, pads = _geometry(op, x, w, b, **options)
    du = shares(dy, w, options.get("groups", 1))
    dx = crop(overwritten(du, padded_size(x.shape[2:], pads), t, d), pads).copy()
    return dx, *_convolution.backward(op, dy, x, w, b, **options)[1:]


def steps_not_exchanged(op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dw slides dy by the stride and dilates it by the dilation; the two must be exchanged"""
    dx, _, db = _convolution.backward(op, dy, x, w, b, **options)
    t, d, pads = _geometry(op, x, w, b, **options)
    reach = zip(dy.shape[2:], w.shape[2:], t, d, strict=True)
    size = tuple((p - 1) * d + (k - 1) * t + 1 for p, k, t, d in reach)  # the extent of these windows in x
    xp = pad(x, pads)
    xp = xp[cells(map(slice, size))]
    xp = pad(xp, [(0, n - m) for n, m in zip(size, xp.shape[2:], strict=True)])
    return dx, dw_of(dy, xp, w.shape, (d, t, [(0, 0)] * len(t)), options.get("groups", 1)), db


def stride_left_out_of_dw(op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """in dw the window at p starts at p, not at p times the stride"""
    dx, _, db = _convolution.backward(op, dy, x, w, b, **options)
    t, d, pads = _geometry(op, x, w, b, **options)
    return dx, dw_of(dy, x, w.shape, ((1,) * len(t), d, pads), options.get("groups", 1)), db


def _geometry(
    op: str, x: Array, w: Array, b: Array | None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> tuple[Shape, Shape, Pads]:  # fmt: skip
    return conv(op, x.shape, w.shape, b, stride, padding, dilation, groups)
