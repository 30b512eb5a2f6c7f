"""Activations and dropout past a size. A tile is one of the last axis, or of channels."""

from importlib import import_module
from typing import Any

import numpy as np

from cnn_oracle.manual import dropout, dropout2d, glu, prelu, relu, sigmoid
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import (
    but_the_first,
    full_last,
    mistake_of,
    size,
    tail,
    tiles,
    without,
    wrapped,
)


@mistake_of("relu", "gelu", "mish", "softsign")
def tail_is_not_written(op: str, x: Array, *, block: int, **options: Any) -> Array:
    """y is not written behind the last full tile of a row"""
    y: Array = _of(op).forward(x, **options)
    return without(y, -1, tail(size(x, -1), block))


@mistake_of("silu", "sigmoid", "selu")
def only_the_first_element_of_the_tail(op: str, x: Array, *, block: int, **options: Any) -> Array:
    """of the last tile of a row, if it is not full, only the first element is computed; the others are x"""
    y: Array = _of(op).forward(x, **options)
    rest = but_the_first(tail(size(x, -1), block))
    if x.ndim:
        y[..., rest] = x[..., rest]
    return y


@mistake_of("leaky_relu", "elu", "softplus")
def option_ignored_for_long_rows(op: str, x: Array, *, block: int, **options: Any) -> Array:
    """rows longer than the block go another way, which takes the default of the option"""
    y: Array = _of(op).forward(x, **({} if size(x, -1) > block else options))
    return y


@mistake_of("relu")
def last_tile_of_all_elements_is_not_visited(dy: Array, x: Array, *, block: int) -> tuple[Array]:
    """dx has ⌊n/block⌋ tiles of the n elements of all axes, not ⌈n/block⌉"""
    (dx,) = relu.backward(dy, x)
    return (without(dx.reshape(-1), 0, tail(x.size, block)).reshape(x.shape),)


@mistake_of("tanh", "hardswish", "softplus", "silu", "mish")
def dy_passes_in_the_tail(op: str, dy: Array, x: Array, *, block: int, **options: Any) -> tuple[Array]:
    """behind the last full tile of a row, dx is dy"""
    (dx,) = _of(op).backward(dy, x, **options)
    rest = tail(size(x, -1), block)
    if x.ndim:
        dx[..., rest] = dy[..., rest]
    return (dx,)


@mistake_of("hardsigmoid", "gelu", "elu", "leaky_relu", "softsign", "selu")
def dx_of_a_full_last_tile_is_not_written(
    op: str, dy: Array, x: Array, *, block: int, **options: Any
) -> tuple[Array]:  # fmt: skip
    """dx of the last tile of a row is not written if that is full"""
    (dx,) = _of(op).backward(dy, x, **options)
    return (without(dx, -1, full_last(size(x, -1), block)),)


@mistake_of("sigmoid")
def stale_dy_from_the_third_tile_on(dy: Array, x: Array, *, block: int) -> tuple[Array]:
    """of two buffers for dy, the first is filled only once: every second tile, from the third on, is the first again"""
    if size(x, -1) > 2 * block:
        read = dy.copy()
        for part in tiles(x.shape[-1], block)[2::2]:
            read[..., part] = dy[..., : part.stop - part.start]
        dy = read
    return sigmoid.backward(dy, x)


@mistake_of("prelu")
def channel_index_wraps(x: Array, w: Array, *, block: int) -> Array:
    """the channel's slope is read modulo the block"""
    return prelu.forward(x, w[wrapped(w.size, block)] if w.ndim else w)


@mistake_of("prelu")
def tail_of_the_batch_missing_in_dw(dy: Array, x: Array, w: Array, *, block: int) -> tuple[Array, Array]:
    """dw is the sum of ⌊N/block⌋ partial sums over the batch, not of ⌈N/block⌉"""
    dx, _ = prelu.backward(dy, x, w)
    return dx, prelu.backward(without(dy, 0, tail(size(dy, 0), block)), x, w)[1]


@mistake_of("glu")
def gates_of_the_tile_before(x: Array, *, block: int, dim: int = -1) -> Array:
    """the last tile along dim, if it is not full, has the gates of the tile before"""
    a, b = (np.moveaxis(half, dim, 0) for half in np.split(x, 2, dim))
    rest = tail(len(b), block)
    b = b.copy()
    b[rest] = b[rest.start - block :][: rest.stop - rest.start]
    return glu.forward(np.moveaxis(np.concatenate((a, b)), 0, dim), dim=dim)


@mistake_of("glu")
def tail_of_the_gates_missing_in_dx(dy: Array, x: Array, *, block: int, dim: int = -1) -> tuple[Array]:
    """dx of the gates is not written behind the last full tile along dim"""
    (dx,) = glu.backward(dy, x, dim=dim)
    rest, n = tail(dy.shape[dim], block), dy.shape[dim]
    return (without(dx, dim, slice(n + rest.start, n + rest.stop)),)


@mistake_of("dropout")
def mask_index_wraps(x: Array, *, mask: Array, block: int, **options: Any) -> Array:
    """the mask's index in a row is taken modulo the block"""
    if mask.ndim:
        mask = mask[..., wrapped(mask.shape[-1], block)]
    return dropout.forward(x, mask=mask, **options)


@mistake_of("dropout")
def mask_ignored_behind_the_last_full_tile(
    dy: Array, x: Array, *, mask: Array, block: int, **options: Any
) -> tuple[Array]:
    """dx of the last tile of a row, if it is not full, ignores the mask"""
    if mask.ndim:
        mask = mask.copy()
        mask[..., tail(mask.shape[-1], block)] = True
    return dropout.backward(dy, x, mask=mask, **options)


@mistake_of("dropout2d")
def mask_of_a_channel_wraps(dy: Array, x: Array, *, mask: Array, block: int, **options: Any) -> tuple[Array]:
    """the mask's channel is taken modulo the block"""
    return dropout2d.backward(dy, x, mask=mask[:, wrapped(mask.shape[1], block)], **options)


def _of(op: str) -> Any:
    return import_module(f"cnn_oracle.manual.{op}")
