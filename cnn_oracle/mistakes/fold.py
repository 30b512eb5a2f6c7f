"""Wrong derivations of fold; those of the order of its columns are in _columns.py."""

from typing import Any

import numpy as np

from cnn_oracle.manual import fold, unfold
from cnn_oracle.manual._geometry import padded_size
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import cells, crop, scatter
from cnn_oracle.mistakes._columns import _geometry
from cnn_oracle.mistakes._windows import overwritten


def scatter_overwrites(x: Array, **options: Any) -> Array:
    """y is assigned (=) where windows overlap, not added (+=)"""
    image, k, d, t, pads, p = _geometry("fold", x, options)
    return crop(overwritten(x.reshape(*image[:2], *k, *p), padded_size(image[2:], pads), t, d), pads).copy()


def overlaps_averaged(x: Array, **options: Any) -> Array:
    """y is the mean of the windows that overlap, as if fold were unfold's inverse; it must be their sum"""
    y: Array = fold.forward(x, **options) / np.maximum(fold.forward(np.ones_like(x), **options), 1)
    return y


def padding_kept_in_front(x: Array, **options: Any) -> Array:
    """y is cropped only at its end: the padding at the front is not removed"""
    image, k, d, t, pads, p = _geometry("fold", x, options)
    yp = scatter(x.reshape(*image[:2], *k, *p), padded_size(image[2:], pads), t, d)
    y: Array = yp[cells(map(slice, image[2:]))].copy()
    return y


def dilation_ignored(x: Array, **options: Any) -> Array:
    """dilation is ignored: the elements of a window are adjacent"""
    image, k, _, t, pads, p = _geometry("fold", x, options)
    return crop(scatter(x.reshape(*image[:2], *k, *p), padded_size(image[2:], pads), t, (1, 1)), pads).copy()


def overlaps_averaged_in_dx(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx divides dy by the number of windows that overlap; each must get the whole dy"""
    met = np.maximum(fold.forward(np.ones_like(x), **options), 1)
    return fold.backward(dy / met, x, **options)


def padding_forgotten_in_dx(dy: Array, x: Array, *, output_size: Any, padding: Any = 0, **options: Any) -> tuple[Array]:
    """dx reads its windows from dy's first element on; dy must be padded first"""
    _, _, _, _, pads, _ = _geometry("fold", x, options | {"output_size": output_size, "padding": padding})
    behind = np.pad(dy, ((0, 0), (0, 0), *((0, lo + hi) for lo, hi in pads)))
    return (unfold.forward(behind, **options),)
