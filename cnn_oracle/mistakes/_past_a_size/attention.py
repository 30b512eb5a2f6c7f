"""Attention past a size. A tile is one of keys, or of queries."""

from typing import Any

import numpy as np

from cnn_oracle.manual import scaled_dot_product_attention as attention
from cnn_oracle.manual._attention import repeated
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._past_a_size._tiles import mistake_of, only, tail, tiles, without
from cnn_oracle.mistakes.scaled_dot_product_attention import _scores


@mistake_of("scaled_dot_product_attention")
def keys_behind_the_last_tile_take_part(
    query: Array, key: Array, value: Array, *, block: int, attn_mask: Array | None = None, **options: Any
) -> Array:
    """the last tile of keys is filled up with zeros, which take part in the softmax"""
    rest = tail(key.shape[-2], block)
    more = block - (rest.stop - rest.start) if rest.start < rest.stop else 0
    key, value = (np.pad(a, ((0, 0),) * (a.ndim - 2) + ((0, more), (0, 0))) for a in (key, value))
    if attn_mask is not None:
        behind = ((0, 0),) * (attn_mask.ndim - 1) + ((0, more),)
        attn_mask = np.pad(attn_mask, behind, constant_values=attn_mask.dtype.type(attn_mask.dtype == bool))
    return attention.forward(query, key, value, attn_mask=attn_mask, **options)


@mistake_of("scaled_dot_product_attention")
def output_not_rescaled(query: Array, key: Array, value: Array, *, block: int, **options: Any) -> Array:
    """where a tile of keys has a larger maximum than the tiles before, the sum is rescaled, and the output is not"""
    if key.shape[-2] <= block:
        return attention.forward(query, key, value, **options)
    z, v = _scores(query, key, **options), repeated(value, query)
    most, total = np.full((*z.shape[:-1], 1), -np.inf, z.dtype), np.zeros((*z.shape[:-1], 1), z.dtype)
    y = np.zeros((*z.shape[:-1], v.shape[-1]), z.dtype)
    for part in tiles(key.shape[-2], block):
        before, most = most, np.maximum(most, z[..., part].max(-1, keepdims=True))
        shift = np.where(most == -np.inf, z.dtype.type(0), most)
        e = np.exp(z[..., part] - shift)
        total = total * np.exp(before - shift) + e.sum(-1, keepdims=True)
        y = y + e @ v[..., part, :]
    return y / np.where(total == 0, z.dtype.type(1), total)


@mistake_of("scaled_dot_product_attention")
def causal_by_the_index_in_the_tile(
    query: Array, key: Array, value: Array, *, block: int, is_causal: bool = False, **options: Any
) -> Array:
    """with is_causal, a query's index in its tile is compared with the key's index in the whole"""
    if not is_causal:
        return attention.forward(query, key, value, **options)
    mask = np.arange(query.shape[-2])[:, None] % block >= np.arange(key.shape[-2])
    return attention.forward(query, key, value, **(options | {"attn_mask": mask}))


@mistake_of("scaled_dot_product_attention")
def mask_ignored_beyond_the_first_tile(
    query: Array, key: Array, value: Array, *, block: int, attn_mask: Array | None = None, **options: Any
) -> Array:
    """attn_mask is read only for the first tile of keys"""
    if attn_mask is not None:
        attn_mask = attn_mask.copy()
        attn_mask[..., block:] = attn_mask.dtype == bool
    return attention.forward(query, key, value, attn_mask=attn_mask, **options)


@mistake_of("scaled_dot_product_attention")
def scaled_by_the_width_of_a_tile(
    query: Array, key: Array, value: Array, *, block: int, scale: float | None = None, **options: Any
) -> Array:
    """wide queries are scaled by 1/√block, not by 1/√E"""
    if scale is None and query.shape[-1] > block:
        scale = block**-0.5
    return attention.forward(query, key, value, scale=scale, **options)


@mistake_of("scaled_dot_product_attention")
def tail_of_the_queries_missing_in_dkey(
    dy: Array, query: Array, key: Array, value: Array, *, block: int, **options: Any
) -> tuple[Array, Array, Array]:
    """dkey takes only full tiles of queries"""
    dq, _, dv = attention.backward(dy, query, key, value, **options)
    some = without(dy, -2, tail(dy.shape[-2], block))
    return dq, attention.backward(some, query, key, value, **options)[1], dv


@mistake_of("scaled_dot_product_attention")
def last_tile_of_queries_wins_in_dvalue(
    dy: Array, query: Array, key: Array, value: Array, *, block: int, **options: Any
) -> tuple[Array, Array, Array]:
    """each tile of queries assigns dvalue; the parts must be added"""
    dq, dk, _ = attention.backward(dy, query, key, value, **options)
    last = only(dy, -2, tiles(dy.shape[-2], block)[-1])
    return dq, dk, attention.backward(last, query, key, value, **options)[2]
