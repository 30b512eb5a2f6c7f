"""Wrong derivations of unfold; those of the order of its columns are in _columns.py."""

from typing import Any

from cnn_oracle.manual._geometry import padded_size
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import cells, crop, gather, pad, scatter
from cnn_oracle.mistakes._columns import _geometry
from cnn_oracle.mistakes._windows import overwritten


def dilation_ignored(x: Array, **options: Any) -> Array:
    """dilation is ignored: the elements of a window are adjacent"""
    image, k, _, t, pads, p = _geometry("unfold", x, options)
    u = gather(pad(x, pads), k, t, (1, 1))[cells(map(slice, p))]
    y: Array = u.reshape(len(x), image[1] * k[0] * k[1], p[0] * p[1]).copy()
    return y


def scatter_overwrites(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is assigned (=) where windows overlap, not added (+=)"""
    _, k, d, t, pads, p = _geometry("unfold", x, options)
    dxp = overwritten(dy.reshape(*x.shape[:2], *k, *p), padded_size(x.shape[2:], pads), t, d)
    return (crop(dxp, pads).copy(),)


def padding_kept_in_front(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is cropped only at its end: the padding at the front is not removed"""
    _, k, d, t, pads, p = _geometry("unfold", x, options)
    dxp = scatter(dy.reshape(*x.shape[:2], *k, *p), padded_size(x.shape[2:], pads), t, d)
    return (dxp[cells(map(slice, x.shape[2:]))].copy(),)
