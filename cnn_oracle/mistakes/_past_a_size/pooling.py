"""Pooling past a size. A tile is one of channels, of positions or taps along the last axis, or of columns of x."""

from math import prod
from typing import Any

import numpy as np

from cnn_oracle.manual import _avg_pool, _max_pool, adaptive_avg_pool2d, adaptive_max_pool2d, lp_pool2d
from cnn_oracle.manual._adaptive import combined, windows
from cnn_oracle.manual._avg_pool import _counts
from cnn_oracle.manual._geometry import Pads, Shape, padded_size, pool
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import crop, gather, pad, scatter
from cnn_oracle.mistakes._past_a_size._tiles import (
    but_the_first,
    full_last,
    last_tile_wins,
    mistake_of,
    tail,
    tiles,
    without,
    wrapped,
)


@mistake_of("max_pool1d", "max_pool2d")
def tail_of_the_columns_is_not_written(op: str, x: Array, *, block: int, **options: Any) -> Array:
    """y is not written behind the last full tile of a row"""
    y = _max_pool.forward(op, x, **options)
    return without(y, -1, tail(y.shape[-1], block))


@mistake_of("max_pool1d", "max_pool2d")
def maximum_not_carried_over(op: str, x: Array, *, block: int, **options: Any) -> Array:
    """of a window wider than the block, y is the maximum of the last tile of taps"""
    k, t, d, pads = _geometry(op, x, **options)
    if k[-1] <= block:
        return _max_pool.forward(op, x, **options)
    u = np.moveaxis(gather(pad(x, pads, -np.inf), k, t, d), 1 + len(k), 2)
    y: Array = u[:, :, tiles(k[-1], block)[-1]].max(tuple(range(2, 2 + len(k))))
    return y


@mistake_of("max_pool1d", "max_pool2d", "max_pool3d")
def channel_index_wraps(op: str, x: Array, *, block: int, **options: Any) -> Array:
    """the channel is taken modulo the block"""
    return _max_pool.forward(op, x[:, wrapped(x.shape[1], block)], **options)


@mistake_of("max_pool1d", "max_pool2d")
def tap_index_wraps(op: str, dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """the index of a maximum's tap in its row is taken modulo the block"""
    k, t, d, pads = _geometry(op, x, **options)
    if k[-1] <= block:
        return _max_pool.backward(op, dy, x, **options)
    m = _max_pool.argmax(op, x, kernel_size=k, stride=t, padding=options.get("padding", 0), dilation=d,
                         ceil_mode=options.get("ceil_mode", False))  # fmt: skip
    m = np.where(m < 0, m, m - m % k[-1] + m % k[-1] % block)
    taps = np.arange(prod(k)).reshape(*k, *(1 for _ in k))
    axes = tuple(range(2, 2 + len(k)))
    du = np.where(np.expand_dims(m, axes) == taps, np.expand_dims(dy, axes), dy.dtype.type(0))
    return (crop(scatter(du, padded_size(x.shape[2:], pads), t, d), pads).copy(),)


@mistake_of("max_pool2d", "max_pool3d")
def last_tile_of_columns_wins_in_dx(op: str, dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """each tile of columns assigns dx; where two tiles have the same maximum, the parts must be added"""
    return (last_tile_wins(lambda a: _max_pool.backward(op, a, x, **options)[0], dy, -1, block),)


@mistake_of("avg_pool1d", "avg_pool2d")
def tail_of_a_wide_window_is_lost(op: str, x: Array, *, block: int, **options: Any) -> Array:
    """the sum over a window takes only full tiles of the taps of a row"""
    (k, t, d, pads), y = _geometry(op, x, **_windows(options)), _avg_pool.forward(op, x, **options)
    rest = tail(k[-1], block)
    if rest.start == rest.stop:
        return y
    u = np.moveaxis(gather(pad(x, pads), k, t, d), 1 + len(k), 2)
    include, divisor = options.get("count_include_pad", True), options.get("divisor_override")
    lost = u[:, :, rest].sum(tuple(range(2, 2 + len(k))))
    y -= lost / _counts(op, x.shape, k, t, pads, include, divisor).astype(x.dtype)
    return y


@mistake_of("avg_pool1d", "avg_pool2d", "avg_pool3d")
def padding_counted_in_long_rows(op: str, x: Array, *, block: int, **options: Any) -> Array:
    """rows longer than the block go another way, which counts the padding whatever count_include_pad says"""
    counted = {"count_include_pad": True} if x.shape[-1] > block else {}
    return _avg_pool.forward(op, x, **(options | counted))


@mistake_of("avg_pool2d", "avg_pool3d")
def tail_of_the_channels_missing_in_dx(op: str, dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """dx is not written behind the last full tile of channels"""
    (dx,) = _avg_pool.backward(op, dy, x, **options)
    return (without(dx, 1, tail(x.shape[1], block)),)


@mistake_of("avg_pool1d", "avg_pool2d")
def first_column_of_a_tile_counted_twice_in_dx(
    op: str, dy: Array, x: Array, *, block: int, **options: Any
) -> tuple[Array]:
    """the first column of each tile after the first also belongs to the tile before, so dx counts it twice"""
    twice = dy.copy()
    twice[..., [part.start for part in tiles(dy.shape[-1], block)[1:]]] *= 2
    return _avg_pool.backward(op, twice, x, **options)


@mistake_of("lp_pool2d")
def only_the_first_column_of_the_tail(x: Array, *, block: int, **options: Any) -> Array:
    """of the last tile of columns, if it is not full, only the first is computed"""
    y = lp_pool2d.forward(x, **options)
    return without(y, -1, but_the_first(tail(y.shape[-1], block)))


@mistake_of("lp_pool2d")
def full_last_tile_missing_in_dx(dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """dx of the last tile of images is not written if that is full"""
    (dx,) = lp_pool2d.backward(dy, x, **options)
    return (without(dx, 0, full_last(len(x), block)),)


@mistake_of("adaptive_avg_pool2d")
def wide_windows_are_cut(x: Array, *, output_size: Any, block: int) -> Array:
    """of a window wider than the block, only the first columns are added up"""
    rows, columns = windows("adaptive_avg_pool2d", x, output_size)
    cut = [slice(i.start, min(i.stop, i.start + block)) for i in columns]
    y = adaptive_avg_pool2d.forward(x, output_size=output_size)
    if cut == columns:
        return y
    some = combined(np.add, combined(np.add, x, rows, 2), cut, 3)
    return some / adaptive_avg_pool2d._counts(rows, columns, x)


@mistake_of("adaptive_avg_pool2d")
def last_tile_of_windows_wins_in_dx(dy: Array, x: Array, *, output_size: Any, block: int) -> tuple[Array]:
    """each tile of columns assigns dx; where the windows of two tiles overlap, the parts must be added"""

    def backward(a: Array) -> Array:
        return adaptive_avg_pool2d.backward(a, x, output_size=output_size)[0]

    return (last_tile_wins(backward, dy, -1, block),)


@mistake_of("adaptive_max_pool2d")
def column_of_the_maximum_wraps(dy: Array, x: Array, *, output_size: Any, block: int) -> tuple[Array]:
    """the column of a maximum is taken modulo the block"""
    (dx,) = adaptive_max_pool2d.backward(dy, x, output_size=output_size)
    wrong = dx.copy()
    for part in tiles(x.shape[-1], block)[1:]:
        wrong[..., part] = 0
        wrong[..., : part.stop - part.start] += dx[..., part]
    return (wrong,)


def _windows(options: dict[str, Any]) -> dict[str, Any]:
    """The options of the windows, of those of average pooling."""
    return {n: v for n, v in options.items() if n not in ("count_include_pad", "divisor_override")}


def _geometry(
    op: str, x: Array, *,
    kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
) -> tuple[Shape, Shape, Shape, Pads]:  # fmt: skip
    return pool(op, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
