"""Wrong derivations of unfold and fold, each the other's gradient: the order of what stands in columns.

In letters: channel c, taps r and s, window at p, q. The rows of a column are c, r, s, the columns p, q.
"""

from importlib import import_module
from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual._geometry import Pads, Shape, per_axis, windows_of_image
from cnn_oracle.manual._typing import Array

Options = dict[str, Any]


def taps_in_front(op: str, x: Array, **options: Any) -> Array:
    """a column holds all channels of its first tap, then of its second, (r, s, c); (c, r, s) is right"""
    return _forward(op, x, options, "rscpq")


def taps_by_columns(op: str, x: Array, **options: Any) -> Array:
    """a window's cells are read column by column, (c, s, r), as MATLAB's im2col does; (c, r, s) is right"""
    return _forward(op, x, options, "csrpq")


def windows_by_columns(op: str, x: Array, **options: Any) -> Array:
    """the windows are counted column by column, (q, p), as MATLAB's im2col does; (p, q) is right"""
    return _forward(op, x, options, "crsqp")


def columns_as_rows(op: str, x: Array, **options: Any) -> Array:
    """a window is a row, (N, L, C·R·S), where it is a column, (N, C·R·S, L)"""
    right = import_module(f"cnn_oracle.manual.{op}").forward
    if op == "unfold":
        y: Array = right(x, **options).swapaxes(1, 2).copy()
    else:
        y = right(x.reshape(len(x), x.shape[2], x.shape[1]).swapaxes(1, 2), **options)
    return y


def taps_in_front_in_dx(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """in the gradient a column holds all channels of its first tap, then of its second; (c, r, s) is right"""
    return _backward(op, dy, x, options, "rscpq")


def windows_by_columns_in_dx(op: str, dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """in the gradient the windows are counted column by column, (q, p); (p, q) is right"""
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
    """Columns in the right order, as they are in another."""
    u = columns.reshape(-1, *(size[i] for i in "crspq"))
    y: Array = np.einsum(f"ncrspq->n{order}", u).reshape(columns.shape).copy()
    return y


def _read(columns: Array, size: dict[str, int], order: str) -> Array:
    """Columns that one takes to be in another order, in the right one."""
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
