"""The embedding past a size. Indices are counted over all of their axes."""

from typing import Any

import numpy as np

from cnn_oracle.manual import embedding
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import but_the_first, mistake_of, tail, tiles, without


@mistake_of("embedding")
def row_index_wraps(w: Array, *, indices: Array, block: int, **options: Any) -> Array:
    """the index of a row is taken modulo the block"""
    return embedding.forward(w, indices=np.asarray(indices % block), **options)


@mistake_of("embedding")
def only_the_first_column_of_the_tail(w: Array, *, indices: Array, block: int, **options: Any) -> Array:
    """of the last tile of columns, if it is not full, only the first is read"""
    y = embedding.forward(w, indices=indices, **options)
    return without(y, -1, but_the_first(tail(w.shape[1], block)))


@mistake_of("embedding")
def padding_row_learnt_from_many_indices(dy: Array, w: Array, *, indices: Array, block: int, **options: Any) -> Any:
    """more indices than the block go another way, which ignores padding_idx"""
    ignored = {"padding_idx": None} if indices.size > block else {}
    return embedding.backward(dy, w, indices=indices, **(options | ignored))


@mistake_of("embedding")
def last_tile_of_indices_wins(dy: Array, w: Array, *, indices: Array, block: int, **options: Any) -> tuple[Array]:
    """each tile of indices assigns its part of dw; where an index is in several tiles, the parts must be added"""
    (dw,) = embedding.backward(dy, w, indices=indices, **options)
    if indices.size <= block:
        return (dw,)
    i, rows = indices.ravel(), dy.reshape(indices.size, w.shape[1])
    for part in tiles(i.size, block):
        (own,) = embedding.backward(rows[part], w, indices=i[part], **options)
        dw[i[part]] = own[i[part]]
    return (dw,)


@mistake_of("embedding")
def frequency_saturates(
    dy: Array, w: Array, *, indices: Array, block: int, scale_grad_by_freq: bool = False, **options: Any
) -> tuple[Array]:
    """with scale_grad_by_freq, an index counts at most as often as the block"""
    (dw,) = embedding.backward(dy, w, indices=indices, scale_grad_by_freq=scale_grad_by_freq, **options)
    count = np.bincount(indices.ravel(), minlength=len(w))[:, None]
    return (np.where((count > block) & scale_grad_by_freq, dw * count / block, dw).astype(w.dtype),)
