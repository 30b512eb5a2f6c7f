"""Wrong derivations of attention."""

from typing import Any

import numpy as np

from cnn_oracle.manual import scaled_dot_product_attention as attention
from cnn_oracle.manual._typing import Array


def not_scaled(query: Array, key: Array, value: Array, **options: Any) -> Array:
    """the scores are not divided by √E"""
    scale = options.pop("scale", None)
    return attention.forward(query, key, value, scale=1.0 if scale is None else scale, **options)


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
