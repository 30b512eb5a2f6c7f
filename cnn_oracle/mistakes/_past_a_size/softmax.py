"""Softmax past a size. A tile is one of the axis ``dim``."""

import numpy as np

from cnn_oracle.manual import log_softmax, softmax
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import mistake_of, size, stale, tail, tiles, without


@mistake_of("softmax")
def sum_not_rescaled(x: Array, *, dim: int, block: int) -> Array:
    """the sum over tiles is not rescaled when a tile has a larger maximum than the tiles before"""
    if size(x, dim) <= block:
        return softmax.forward(x, dim=dim)
    rows = np.moveaxis(x, dim, -1)
    most, total = np.full((*rows.shape[:-1], 1), -np.inf, x.dtype), np.zeros((*rows.shape[:-1], 1), x.dtype)
    for part in tiles(rows.shape[-1], block):
        most = np.maximum(most, rows[..., part].max(-1, keepdims=True))
        total = total + np.exp(rows[..., part] - most).sum(-1, keepdims=True)
    return np.moveaxis(np.exp(rows - most) / total, -1, dim)


@mistake_of("softmax")
def maximum_not_carried_over(x: Array, *, dim: int, block: int) -> Array:
    """each tile subtracts its own maximum"""
    if size(x, dim) <= block:
        return softmax.forward(x, dim=dim)
    rows = np.moveaxis(x, dim, -1)
    each = (rows[..., part] for part in tiles(rows.shape[-1], block))
    e = np.concatenate([np.exp(a - a.max(-1, keepdims=True)) for a in each], -1)
    return np.moveaxis(e / e.sum(-1, keepdims=True), -1, dim)


@mistake_of("softmax")
def tail_of_the_sum_missing_in_dx(dy: Array, x: Array, *, dim: int, block: int) -> tuple[Array]:
    """the subtracted sum Σ dy·y takes only full tiles"""
    rest = tail(size(x, dim), block)
    (dx,) = softmax.backward(dy, x, dim=dim)
    if rest.start == rest.stop:
        return (dx,)
    y = softmax.forward(x, dim=dim)
    dx = y * (dy - without(dy * y, dim, rest).sum(dim, keepdims=True))
    return (dx,)


@mistake_of("log_softmax")
def stale_numbers_behind_the_tail(x: Array, *, dim: int, block: int) -> Array:
    """in the last tile, the buffer still holds numbers of the tile before, whose exp is added again"""
    again, y = stale(size(x, dim), block), log_softmax.forward(x, dim=dim)
    if again.start == again.stop:
        return y
    more = np.exp(np.moveaxis(y, dim, -1)[..., again]).sum(-1)
    y -= np.log1p(np.expand_dims(more, dim))
    return y


@mistake_of("log_softmax")
def sum_of_dy_not_carried_over(dy: Array, x: Array, *, dim: int, block: int) -> tuple[Array]:
    """the sum of dy is that of the last tile"""
    (dx,) = log_softmax.backward(dy, x, dim=dim)
    if size(x, dim) <= block:
        return (dx,)
    lost = without(dy, dim, tiles(size(x, dim), block)[-1]).sum(dim, keepdims=True)
    return (dx + lost * np.exp(log_softmax.forward(x, dim=dim)),)
