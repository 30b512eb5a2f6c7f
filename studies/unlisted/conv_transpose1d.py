"""Unlisted wrong derivations of transposed convolution along one axis."""

from typing import Any

from cnn_oracle.manual import conv_transpose1d
from cnn_oracle.manual._correlation import dw_of
from cnn_oracle.manual._geometry import conv_transpose
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._windows import Gradients


def last_tap_left_out(x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the loop over the taps ends one too early, so the last tap of the kernel takes no part"""
    w = w.copy()
    w[:, :, -1] = 0
    return conv_transpose1d.forward(x, w, b, **options)


def padding_forgotten_in_dw(dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """dw reads its windows from dy's first element on; dy must be padded where y was cropped"""
    dx, _, db = conv_transpose1d.backward(dy, x, w, b, **options)
    t, d, pads, _ = _geometry(x, w, b, **options)
    behind = [(0, lo + hi) for lo, hi in pads]
    return dx, dw_of(x, dy, w.shape, (t, d, behind), options.get("groups", 1)), db


def _geometry(
    x: Array, w: Array, b: Array | None, *,
    stride: Any = 1, padding: Any = 0, output_padding: Any = 0, groups: int = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    shapes = x.shape, w.shape
    return conv_transpose("conv_transpose1d", *shapes, b, stride, padding, output_padding, groups, dilation)
