"""Ops that pad, resample or rearrange, past a size."""

from typing import Any

from cnn_oracle.manual import flatten, fold, interpolate, pixel_shuffle, pixel_unshuffle, unfold
from cnn_oracle.manual import pad as padding
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import (
    but_the_first,
    full_last,
    mistake_of,
    size,
    stale,
    tail,
    without,
    wrapped,
)


@mistake_of("pad")
def zero_around_long_rows(x: Array, *, block: int, **options: Any) -> Array:
    """rows longer than the block go another way, which pads with 0 whatever the value is"""
    y = padding.forward(x, **options)
    zero = {"value": None} if size(y, -1) > block else {}
    return padding.forward(x, **(options | zero))


@mistake_of("pad")
def border_missing_in_dx_of_long_rows(dy: Array, x: Array, *, pad: Any, block: int, **options: Any) -> tuple[Array]:
    """for rows longer than the block, dx is dy's middle part: the elements around it are not added"""
    if size(dy, -1) > block:
        return padding.backward(dy, x, pad=pad)
    return padding.backward(dy, x, pad=pad, **options)


@mistake_of("interpolate")
def column_index_wraps(x: Array, *, block: int, **options: Any) -> Array:
    """the column of x is taken modulo the block"""
    return interpolate.forward(x[..., wrapped(x.shape[-1], block)], **options)


@mistake_of("interpolate")
def tail_of_the_columns_missing_in_dx(dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """dx takes only full tiles of dy's columns"""
    return interpolate.backward(without(dy, -1, tail(dy.shape[-1], block)), x, **options)


@mistake_of("pixel_shuffle")
def full_last_tile_of_columns_is_not_written(x: Array, *, block: int, **options: Any) -> Array:
    """the last tile of columns of y is not written if it is full"""
    y = pixel_shuffle.forward(x, **options)
    return without(y, -1, full_last(y.shape[-1], block))


@mistake_of("pixel_shuffle")
def rows_end_after_a_tile_in_dx(dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """dx is zero from the second tile of rows on"""
    (dx,) = pixel_shuffle.backward(dy, x, **options)
    return (without(dx, -2, slice(block, None)),)


@mistake_of("pixel_unshuffle")
def tail_of_the_rows_is_not_written(x: Array, *, block: int, **options: Any) -> Array:
    """y is not written behind the last full tile of rows"""
    y = pixel_unshuffle.forward(x, **options)
    return without(y, -2, tail(y.shape[-2], block))


@mistake_of("pixel_unshuffle")
def only_the_first_column_of_the_tail_in_dx(dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """of the last tile of columns of dx, if it is not full, only the first is written"""
    (dx,) = pixel_unshuffle.backward(dy, x, **options)
    return (without(dx, -1, but_the_first(tail(dx.shape[-1], block))),)


@mistake_of("unfold")
def tail_repeats_the_tile_before(x: Array, *, block: int, **options: Any) -> Array:
    """the last tile of windows, if it is not full, is a copy of the beginning of the tile before"""
    y = unfold.forward(x, **options)
    rest = tail(y.shape[-1], block)
    y[..., rest] = y[..., rest.start - block :][..., : rest.stop - rest.start]
    return y


@mistake_of("unfold")
def full_last_tile_missing_in_dx(dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """dx lacks the last tile of windows if that is full"""
    return unfold.backward(without(dy, -1, full_last(dy.shape[-1], block)), x, **options)


@mistake_of("fold")
def tail_of_the_windows_is_lost(x: Array, *, block: int, **options: Any) -> Array:
    """y takes only full tiles of windows"""
    return fold.forward(without(x, -1, tail(x.shape[-1], block)), **options)


@mistake_of("fold")
def stale_channels_in_dx(dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """behind the last full tile of dx's channels, the numbers of the tile before are added"""
    (dx,) = fold.backward(dy, x, **options)
    again = stale(x.shape[1], block)
    rest = tail(x.shape[1], block)
    some = min(again.stop - again.start, rest.stop - rest.start)
    dx[:, rest.start : rest.start + some] += dx[:, again.start : again.start + some]
    return (dx,)


@mistake_of("flatten")
def tail_of_the_elements_is_not_copied(x: Array, *, block: int, **options: Any) -> Array:
    """of the last axis of y, only full tiles are copied"""
    y = flatten.forward(x, **options)
    return without(y, -1, tail(size(y, -1), block))
