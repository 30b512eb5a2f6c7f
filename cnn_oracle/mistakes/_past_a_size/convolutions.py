"""Convolutions past a size. A tile is one of images, of channels, of filters, or of positions along the last axis."""

from typing import Any

import numpy as np

from cnn_oracle.manual import _convolution, _transposed
from cnn_oracle.manual._geometry import conv
from cnn_oracle.manual._typing import Array
from cnn_oracle.manual._windows import cells, pad
from cnn_oracle.mistakes._past_a_size._tiles import (
    Gradients,
    but_the_first,
    last_tile_wins,
    mistake_of,
    tail,
    tiles,
    without,
    wrapped,
)


@mistake_of("conv1d", "conv2d", "conv3d")
def tail_of_the_channels_is_lost(
    op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Array:
    """the sum over the channels takes only full tiles"""
    return _convolution.forward(op, x, without(w, 1, tail(w.shape[1], block)), b, **options)


@mistake_of("conv2d")
def pack_reads_the_next_filter(
    op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Array:
    """the last channel of each pack of channels after the first is read from the next filter"""
    last = [part.stop - 1 for part in tiles(w.shape[1], block)[1:]]
    w = w.copy()
    w[:, last] = np.roll(w[:, last], -1, 0)
    return _convolution.forward(op, x, w, b, **options)


@mistake_of("conv1d", "conv2d")
def dilation_ignored_for_long_rows(
    op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Array:
    """rows longer than the block go another way, which takes the dilation for 1"""
    y = _convolution.forward(op, x, w, b, **options)
    if x.shape[-1] <= block:
        return y
    t, _, pads = _geometry(op, x, w, b, **options)
    dense = _convolution.forward(op, pad(x, pads), w, b, stride=t, groups=options.get("groups", 1))
    y[...] = dense[cells(map(slice, y.shape[2:]))]
    return y


@mistake_of("conv1d", "conv2d")
def taps_beyond_a_tile_are_lost(
    op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Array:
    """of a long kernel, only the first tile of taps of a row is read"""
    return _convolution.forward(op, x, without(w, -1, slice(block, None)), b, **options)


@mistake_of("conv1d", "conv2d", "conv3d")
def group_index_wraps(op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any) -> Array:
    """the index of the group is taken modulo the block: later groups get the filters of the first ones"""
    groups = options.get("groups", 1)
    grouped = w.reshape(groups, -1, *w.shape[1:])[wrapped(groups, block)]
    return _convolution.forward(op, x, grouped.reshape(w.shape), b, **options)


@mistake_of("conv2d", "conv3d")
def only_the_first_filter_of_the_tail(
    op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Array:
    """of the last tile of filters, if it is not full, only the first is computed"""
    y = _convolution.forward(op, x, w, b, **options)
    return without(y, 1, but_the_first(tail(len(w), block)))


@mistake_of("conv1d", "conv2d", "conv3d")
def tail_of_the_images_missing_in_dw(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Gradients:
    """dw is the sum of ⌊N/block⌋ partial sums over images, not of ⌈N/block⌉"""
    dx, _, db = _convolution.backward(op, dy, x, w, b, **options)
    some = without(dy, 0, tail(len(dy), block))
    return dx, _convolution.weight_gradient(op, some, x, w.shape, **options), db


@mistake_of("conv2d")
def last_position_of_a_tile_counted_twice_in_dx(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Gradients:
    """each tile of positions begins with the last position of the tile before, so dx counts that twice"""
    _, dw, db = _convolution.backward(op, dy, x, w, b, **options)
    twice = dy.copy()
    twice[..., [part.stop - 1 for part in tiles(dy.shape[-1], block)[:-1]]] *= 2
    return _convolution.input_gradient(op, twice, x.shape, w, **options), dw, db


@mistake_of("conv1d", "conv2d")
def last_tile_of_positions_wins_in_dx(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Gradients:
    """each tile of positions assigns its part of dx; where tiles overlap, the parts must be added"""
    _, dw, db = _convolution.backward(op, dy, x, w, b, **options)
    dx = last_tile_wins(lambda a: _convolution.input_gradient(op, a, x.shape, w, **options), dy, -1, block)
    return dx, dw, db


@mistake_of("conv3d")
def db_ends_after_two_tiles(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Gradients:
    """db is zero from the third tile of filters on"""
    dx, dw, db = _convolution.backward(op, dy, x, w, b, **options)
    return dx, dw, None if db is None else without(db, 0, slice(2 * block, None))


@mistake_of("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def tail_of_the_input_channels_is_lost(
    op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Array:
    """the sum over the channels takes only full tiles"""
    groups = options.get("groups", 1)
    grouped = w.reshape(groups, -1, *w.shape[1:])
    some = without(grouped, 1, tail(grouped.shape[1], block))
    return _transposed.forward(op, x, some.reshape(w.shape), b, **options)


@mistake_of("conv_transpose2d", "conv_transpose3d")
def bias_only_in_the_first_tile(
    op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Array:
    """the bias is added only in the first tile of filters"""
    return _transposed.forward(op, x, w, None if b is None else without(b, 0, slice(block, None)), **options)


@mistake_of("conv_transpose1d", "conv_transpose2d")
def last_tile_of_columns_wins(
    op: str, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Array:
    """each tile of x's columns assigns its part of y; where tiles overlap, the parts must be added"""
    y = _transposed.forward(op, x, w, b, **options)
    if x.shape[-1] <= block:
        return y
    bias = _transposed.forward(op, np.zeros_like(x), w, b, **options)
    return bias + last_tile_wins(lambda a: _transposed.forward(op, a, w, **options), x, -1, block)


@mistake_of("conv_transpose1d")
def dw_of_two_tiles_of_images(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Gradients:
    """the images from the third tile on do not add to dw"""
    dx, _, db = _transposed.backward(op, dy, x, w, b, **options)
    return dx, _transposed.backward(op, dy, without(x, 0, slice(2 * block, None)), w, b, **options)[1], db


@mistake_of("conv_transpose2d", "conv_transpose3d")
def full_last_tile_missing_in_dx(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int, **options: Any
) -> Gradients:
    """dx of the last tile of images is not written if that is full"""
    dx, dw, db = _transposed.backward(op, dy, x, w, b, **options)
    end = len(x) - block if len(x) > block and len(x) % block == 0 else len(x)
    return without(dx, 0, slice(end, None)), dw, db


def _geometry(
    op: str, x: Array, w: Array, b: Array | None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Any:  # fmt: skip
    return conv(op, x.shape, w.shape, b, stride, padding, dilation, groups)
