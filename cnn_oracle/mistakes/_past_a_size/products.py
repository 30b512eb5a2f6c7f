"""Dense layers past a size. A tile of rows is one of the last axis before the features."""

import numpy as np

from cnn_oracle.manual import bilinear, linear
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import (
    Gradients,
    but_the_first,
    by_halves,
    full_last,
    mistake_of,
    only,
    size,
    stale,
    tail,
    tiles,
    without,
)


@mistake_of("linear")
def tail_of_the_sum_is_lost(x: Array, w: Array, b: Array | None = None, *, block: int) -> Array:
    """the sum over the inputs takes only full tiles"""
    end = tail(w.shape[1], block).start
    return linear.forward(x[..., :end], w[:, :end], b)


@mistake_of("linear")
def stale_numbers_behind_the_tail(x: Array, w: Array, b: Array | None = None, *, block: int) -> Array:
    """in the last tile of the sum, the buffers still hold numbers of the tile before, which are added again"""
    again = stale(w.shape[1], block)
    y = linear.forward(x, w, b)
    return y if again.start == again.stop else y + linear.forward(x[..., again], w[:, again])


@mistake_of("linear")
def corner_of_two_tails_is_lost(x: Array, w: Array, b: Array | None = None, *, block: int) -> Array:
    """tiles are of ``block`` rows and 8 outputs: y is not written where both are beyond the last full tile"""
    y = linear.forward(x, w, b)
    if y.ndim > 1:
        y[..., tail(y.shape[-2], block), tail(y.shape[-1], 8)] = 0
    return y


@mistake_of("linear")
def bias_only_in_the_first_tile(x: Array, w: Array, b: Array | None = None, *, block: int) -> Array:
    """the bias is added only in the first tile of outputs"""
    return linear.forward(x, w, None if b is None else without(b, 0, slice(block, None)))


@mistake_of("linear")
def tail_of_the_rows_missing_in_dw(dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int) -> Gradients:
    """dw is the sum of ⌊N/block⌋ partial sums over rows, not of ⌈N/block⌉"""
    dx, _, db = linear.backward(dy, x, w, b)
    return dx, linear.backward(without(dy, -2, tail(size(dy, -2), block)), x, w)[1], db


@mistake_of("linear")
def partial_sums_of_db_by_halves(dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int) -> Gradients:
    """the partial sums of db are added by halves, as if their number were a power of two"""
    dx, dw, db = linear.backward(dy, x, w, b)
    if db is not None and dy.ndim > 1 and dy.shape[-2] > block:
        partial = np.stack([dy[..., part, :].sum(-2) for part in tiles(dy.shape[-2], block)])
        db = by_halves(partial).reshape(-1, len(w)).sum(0)
    return dx, dw, db


@mistake_of("linear")
def last_tile_of_outputs_wins_in_dx(dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int) -> Gradients:
    """each tile of outputs assigns its part of dx; the parts must be added"""
    _, dw, db = linear.backward(dy, x, w, b)
    return linear.backward(only(dy, -1, tiles(len(w), block)[-1]), x, w)[0], dw, db


@mistake_of("linear")
def dw_ends_after_two_tiles(dy: Array, x: Array, w: Array, b: Array | None = None, *, block: int) -> Gradients:
    """dw is zero from the third tile of outputs on"""
    dx, dw, db = linear.backward(dy, x, w, b)
    return dx, without(dw, 0, slice(2 * block, None)), db


@mistake_of("bilinear")
def tail_of_the_second_input_is_lost(
    x1: Array, x2: Array, w: Array, b: Array | None = None, *, block: int
) -> Array:  # fmt: skip
    """the sum over the second input takes only full tiles"""
    end = tail(x2.shape[-1], block).start
    return bilinear.forward(x1, x2[..., :end], w[..., :end], b)


@mistake_of("bilinear")
def only_the_first_row_of_the_tail_in_dw(
    dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None, *, block: int
) -> Gradients:
    """of the last tile of rows, if it is not full, only the first row adds to dw"""
    dx1, dx2, _, db = bilinear.backward(dy, x1, x2, w, b)
    some = without(dy, -2, but_the_first(tail(size(dy, -2), block)))
    return dx1, dx2, bilinear.backward(some, x1, x2, w)[2], db


@mistake_of("bilinear")
def full_last_tile_missing_in_dx1(
    dy: Array, x1: Array, x2: Array, w: Array, b: Array | None = None, *, block: int
) -> Gradients:
    """dx1 lacks the last tile of outputs if that is full"""
    _, *others = bilinear.backward(dy, x1, x2, w, b)
    return bilinear.backward(without(dy, -1, full_last(len(w), block)), x1, x2, w)[0], *others
