"""Wrong derivations of the cross-correlation."""

from typing import Any

import numpy as np

from manual import conv2d
from manual._geometry import conv, padded_size
from manual._typing import Array
from manual._windows import crop, pad


def kernel_turned(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the kernel is turned by 180°: true convolution, as E1 is printed, where the layer is a cross-correlation"""
    return conv2d.forward(x, w[:, :, ::-1, ::-1], b, **options)


def padding_at_the_front(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """padding='same' puts the odd cell of an even kernel at the front, not at the end"""
    if options.get("padding") != "same":
        return conv2d.forward(x, w, b, **options)
    _, _, pads = conv("conv2d", x.shape, w.shape, b, 1, "same", options.get("dilation", 1), options.get("groups", 1))
    return conv2d.forward(pad(x, [(hi, lo) for lo, hi in pads]), w, b, **(options | {"padding": 0}))


def dilation_off_by_one(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the taps behind the first of a dilated kernel lie one cell too near"""
    d = options.get("dilation", 1)
    d = d if isinstance(d, tuple) else (d, d)
    stuffed = np.zeros((*w.shape[:2], *(d * (k - 1) + 1 for k, d in zip(w.shape[2:], d, strict=True))), w.dtype)
    rows, columns = ([max(r * e - (e > 1), 0) for r in range(k)] for k, e in zip(w.shape[2:], d, strict=True))
    stuffed[:, :, np.array(rows)[:, None], np.array(columns)] = w
    return conv2d.forward(x, stuffed, b, **(options | {"dilation": 1}))


def groups_interleaved(x: Array, w: Array, b: Array | None = None, *, groups: int = 1, **options: Any) -> Array:
    """the output channels of the groups are interleaved: channel o·g + i where i·o + … is right"""
    y = conv2d.forward(x, w, None, groups=groups, **options)
    y = y.reshape(y.shape[0], groups, y.shape[1] // groups, *y.shape[2:]).swapaxes(1, 2).reshape(y.shape)
    return y if b is None else y + b[:, None, None]


def bias_added_per_tap(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the bias is added inside the sum over channels, once for each"""
    return conv2d.forward(x, w, None if b is None else b * b.dtype.type(w.shape[1]), **options)


def kernel_not_turned(
    dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> tuple[Array | None, ...]:
    """dx is the full convolution of dy with the kernel as it is, not turned by 180°"""
    dx = conv2d.input_gradient(dy, x.shape, w[:, :, ::-1, ::-1], **options)
    return dx, *conv2d.backward(dy, x, w, b, **options)[1:]


def stride_remainder_dropped(
    dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> tuple[Array | None, ...]:
    """the stride's remainder rows are dropped in dx: a transposed convolution without its output_padding"""
    dx, dw, db = conv2d.backward(dy, x, w, b, **options)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, *(options.get(n, v) for n, v in GEOMETRY.items()))
    for axis, (n, k) in enumerate(zip(padded_size(x.shape[2:], pads), w.shape[2:], strict=True)):
        remainder = (n - d[axis] * (k - 1) - 1) % t[axis]
        np.moveaxis(dx, 2 + axis, 0)[max(0, x.shape[2 + axis] - remainder) :] = 0
    return dx, dw, db


def scatter_overwrites(
    dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> tuple[Array | None, ...]:
    """dx is assigned (=) where windows overlap, not added (+=)"""
    groups = options.get("groups", 1)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, *(options.get(n, v) for n, v in GEOMETRY.items()))
    dxp = np.zeros((*x.shape[:2], *padded_size(x.shape[2:], pads)), x.dtype)
    o = w.shape[0] // groups
    dy_of, w_of = dy.reshape(len(dy), groups, o, *dy.shape[2:]), w.reshape(groups, o, *w.shape[1:])
    for p, q in np.ndindex(*dy.shape[2:]):
        rows, columns = (
            slice(i * t, i * t + d * (k - 1) + 1, d) for i, t, d, k in zip((p, q), t, d, w.shape[2:], strict=True)
        )
        share = np.einsum("ngo,gocrs->ngcrs", dy_of[..., p, q], w_of)
        dxp[:, :, rows, columns] = share.reshape(len(dy), x.shape[1], *w.shape[2:])
    return crop(dxp, pads).copy(), *conv2d.backward(dy, x, w, b, **options)[1:]


def weight_gradient_turned(
    dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> tuple[Array | None, ...]:
    """dw comes out turned by 180°, as if the forward were a true convolution"""
    dx, dw, db = conv2d.backward(dy, x, w, b, **options)
    return dx, dw[:, :, ::-1, ::-1].copy(), db


def averaged_over_the_batch(
    dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> tuple[Array | None, ...]:
    """dw and db hide a 1/N that belongs to the loss"""
    dx, dw, db = conv2d.backward(dy, x, w, b, **options)
    n = x.dtype.type(max(len(x), 1))
    return dx, dw / n, None if db is None else db / n


def bias_gradient_over_the_wrong_axes(
    dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> tuple[Array | None, ...]:
    """db reshapes dy (N, O, P, Q) to (O, −1) and sums rows, which mixes samples and channels"""
    dx, dw, db = conv2d.backward(dy, x, w, b, **options)
    return dx, dw, None if db is None else dy.reshape(dy.shape[1], -1).sum(1)


def zero_gradients(dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> tuple[Array | None, ...]:
    """every gradient is zero"""
    return np.zeros_like(x), np.zeros_like(w), None if b is None else np.zeros_like(b)


GEOMETRY = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
