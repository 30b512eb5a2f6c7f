"""Wrong derivations of unfold and fold, each the other's gradient: the order of rows and columns.

Notation: channel c, taps r and s, window at p, q. The rows of a column are ordered c, r, s, the columns p, q.
"""

from importlib import import_module
from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual._geometry import Pads, Shape, per_axis, windows_of_image
from cnn_oracle.manual._typing import Array

Options = dict[str, Any]


def taps_in_front(op: str, x: Array, **options: Any) -> Array:
    """the rows of a column are ordered (r, s, c), taps first; (c, r, s) is right"""
    return _forward(op, x, options, "rscpq")


def taps_by_columns(op: str, x: Array, **options: Any) -> Array:
    """the taps of a window are read column by column, (c, s, r), as in MATLAB's im2col; (c, r, s) is right"""
    return _forward(op, x, options, "csrpq")


def windows_by_columns(op: str, x: Array, **options: Any) -> Array:
    """the windows are counted column by column, (q, p), as in MATLAB's im2col; (p, q) is right"""
    return _forward(op, x, options, "crsqp")


def columns_as_rows(op: str, x: Array, **options: Any) -> Array:
    """a window is a row of (N, L, C·R·S); it must be a column of (N, C·R·S, L)"""
    right = import_module(f"cnn_oracle.manual.{op}").forward
    if op == "unfold":
        y: Array = right(x, **options).swapaxes(1, 2).copy()
    else:
        y = right(x.reshape(len(x), x.shape[2], x.shape[1]).swapaxes(1, 2), **options)
    return y


def taps_in_front_in_dx(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """in dx the rows of a column are ordered (r, s, c), taps first; (c, r, s) is right"""
    return _backward(op, dy, x, options, "rscpq")


def windows_by_columns_in_dx(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """in dx the windows are counted column by column, (q, p); (p, q) is right"""
    return _backward(op, dy, x, options, "crsqp")


def _forward(op: str, x: Array, options: Options, order: str) -> Array:
    right = import_module(f"cnn_oracle.manual.{op}").forward
    size = _sizes(op, x, options)
    return _written(right(x, **options), size, order) if op == "unfold" else right(_read(x, size, order), **options)


def _backward(op: str, dy: Array, x: Array, options: Options, order: str) -> tuple[Array]:
    right = import_module(f"cnn_oracle.manual.{op}").backward
    size = _sizes(op, x, options)
    if op == "unfold":
        return right(_read(dy, size, order), x, **options)  # type: ignore[no-any-return]
    return (_written(right(dy, x, **options)[0], size, order),)


def _written(columns: Array, size: dict[str, int], order: str) -> Array:
    """Columns in the right order → in ``order``."""
    u = columns.reshape(-1, *(size[i] for i in "crspq"))
    y: Array = np.einsum(f"ncrspq->n{order}", u).reshape(columns.shape).copy()
    return y


def _read(columns: Array, size: dict[str, int], order: str) -> Array:
    """Columns in ``order`` → in the right order."""
    u = columns.reshape(len(columns), *(size[i] for i in order))
    x: Array = np.einsum(f"n{order}->ncrspq", u).reshape(columns.shape)
    return x


def _sizes(op: str, x: Array, options: Options) -> dict[str, int]:
    image, k, _, _, _, p = _geometry(op, x, options)
    return dict(zip("crspq", (image[1], *k, *p), strict=True))


def _geometry(op: str, x: Array, options: Options) -> tuple[Shape, Shape, Shape, Shape, Pads, Shape]:
    """The image's shape; kernel, dilation, stride, padding and window positions per axis."""
    k = per_axis(op, "kernel_size", options["kernel_size"], 2, 1)
    image = x.shape
    if op == "fold":
        image = (len(x), x.shape[1] // prod(k), *per_axis(op, "output_size", options["output_size"], 2, 1))
    own = (options.get(name, default) for name, default in (("dilation", 1), ("padding", 0), ("stride", 1)))
    return image, *windows_of_image(op, image, image[2:], k, *own)
