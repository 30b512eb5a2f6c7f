"""Unlisted wrong derivations of attention."""

from typing import Any

import numpy as np

from cnn_oracle.manual import scaled_dot_product_attention as attention
from cnn_oracle.manual._attention import shared
from cnn_oracle.manual._typing import Array


def softmax_over_the_queries(
    query: Array, key: Array, value: Array, *, attn_mask: Array | None = None, is_causal: bool = False,
    scale: float | None = None, enable_gqa: bool = False,
) -> Array:  # fmt: skip
    """without a mask the softmax runs over the queries, not over the keys"""
    if attn_mask is not None or is_causal or enable_gqa:
        return attention.forward(
            query, key, value, attn_mask=attn_mask, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa
        )
    z = attention._alpha(query, scale) * (query @ key.mT)
    e = np.exp(z - z.max(-2, keepdims=True, initial=-np.inf))
    y: Array = (e / e.sum(-2, keepdims=True)) @ value
    return y


def boolean_mask_inverted(
    query: Array, key: Array, value: Array, *, attn_mask: Array | None = None, **options: Any
) -> Array:
    """a boolean attn_mask is True for the keys that a query may not use, as in nn.MultiheadAttention"""
    other = ~attn_mask if attn_mask is not None and attn_mask.dtype == bool else attn_mask
    return attention.forward(query, key, value, attn_mask=other, **options)


def masked_by_a_billion(
    query: Array, key: Array, value: Array, *, attn_mask: Array | None = None, is_causal: bool = False, **options: Any
) -> Array:
    """masked scores are lowered by 1e9, not to −∞, so a query whose keys are all masked attends to all of them"""
    mask = np.tri(query.shape[-2], key.shape[-2]) > 0 if is_causal else attn_mask
    if mask is not None and mask.dtype == bool:
        mask = np.where(mask, 0, -1e9).astype(query.dtype)
    return attention.forward(query, key, value, attn_mask=mask, **options)


def heads_tiled(query: Array, key: Array, value: Array, *, enable_gqa: bool = False, **options: Any) -> Array:
    """the shared heads follow one another, 0 1 0 1, with enable_gqa; each must be repeated, 0 0 1 1"""
    if not enable_gqa:
        return attention.forward(query, key, value, **options)
    heads = (np.concatenate([a] * (query.shape[-3] // a.shape[-3]), -3) for a in (key, value))
    return attention.forward(query, *heads, **options)


def weights_not_transposed_in_dv(
    dy: Array, query: Array, key: Array, value: Array, **options: Any
) -> tuple[Array, Array, Array]:
    """dv is p dy where pᵀ dy is right; the shapes fit only for as many queries as keys"""
    dq, dk, dv = attention.backward(dy, query, key, value, **options)
    if query.shape[-2] != key.shape[-2]:
        return dq, dk, dv
    given = (options.get(name) for name in ("attn_mask", "is_causal", "scale"))
    p = attention._weights(query, key, *given)  # type: ignore[arg-type]
    return dq, dk, shared(p @ dy, value)
