"""Wrong derivations of attention."""

from typing import Any

import numpy as np

from cnn_oracle.manual import scaled_dot_product_attention as attention
from cnn_oracle.manual._attention import repeated, shared
from cnn_oracle.manual._typing import Array


def not_scaled(query: Array, key: Array, value: Array, **options: Any) -> Array:
    """the scores are not divided by √E"""
    scale = options.pop("scale", None)
    return attention.forward(query, key, value, scale=1.0 if scale is None else scale, **options)


def maximum_not_subtracted(query: Array, key: Array, value: Array, **options: Any) -> Array:
    """the softmax does not subtract the maximum of the scores, so exp overflows for large scores"""
    e = np.exp(_scores(query, key, **options))
    total = e.sum(-1, keepdims=True)
    y: Array = e / np.where(total == 0, e.dtype.type(1), total) @ repeated(value, query)
    return y


def sum_left_out_of_the_gradients(
    dy: Array, query: Array, key: Array, value: Array, **options: Any
) -> tuple[Array, Array, Array]:
    """the scores' gradient is p dp: the sum Σ p dp of the softmax is not subtracted"""
    mask, is_causal, scale = options.get("attn_mask"), options.get("is_causal", False), options.get("scale")
    p = attention._weights(query, key, mask, is_causal, scale)
    dz = attention._alpha(query, scale) * p * (dy @ repeated(value, query).mT)
    dv = attention.backward(dy, query, key, value, **options)[2]
    return dz @ repeated(key, query), shared(dz.mT @ query, key), dv


def scale_left_out_of_the_gradients(
    dy: Array, query: Array, key: Array, value: Array, **options: Any
) -> tuple[Array, Array, Array]:
    """dq and dk are not multiplied by the scale"""
    dq, dk, dv = attention.backward(dy, query, key, value, **options)
    scale = options.get("scale")
    alpha = max(query.shape[-1], 1) ** -0.5 if scale is None else scale
    return (dq, dk, dv) if not alpha else (dq / alpha, dk / alpha, dv)


def causal_off_by_one(query: Array, key: Array, value: Array, **options: Any) -> Array:
    """with is_causal a query does not attend to the key at its own position"""
    if not options.get("is_causal"):
        return attention.forward(query, key, value, **options)
    mask = np.tri(query.shape[-2], key.shape[-2], -1) > 0
    return attention.forward(query, key, value, **(options | {"is_causal": False, "attn_mask": mask}))


def first_of_the_shared_heads(
    dy: Array, query: Array, key: Array, value: Array, **options: Any
) -> tuple[Array, Array, Array]:
    """dk and dv of a shared head come from one query head; they must be summed over all that share it"""
    dq, dk, dv = attention.backward(dy, query, key, value, **options)
    if not options.get("enable_gqa") or key.shape[-3] != value.shape[-3]:
        return dq, dk, dv
    first = np.zeros_like(dy)
    step = query.shape[-3] // key.shape[-3]
    first[..., ::step, :, :] = dy[..., ::step, :, :]
    return dq, *attention.backward(first, query, key, value, **options)[1:]


def _scores(
    q: Array, k: Array, *,
    attn_mask: Array | None = None, is_causal: bool = False, scale: float | None = None, **_: Any,
) -> Array:  # fmt: skip
    """z, with the mask added."""
    z: Array = attention._alpha(q, scale) * (q @ repeated(k, q).mT)
    mask = np.tri(*z.shape[-2:]) > 0 if is_causal else attn_mask
    if mask is None:
        return z
    z += np.where(mask, 0, -np.inf).astype(z.dtype) if mask.dtype == bool else mask
    return z
