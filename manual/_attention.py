"""Attention's checks, and the linear map that repeats shared heads, with its adjoint."""

import numpy as np

from ._errors import invalid
from ._geometry import same_dtype
from ._pairs import fits
from ._typing import Array


def repeated(a: Array, q: Array) -> Array:
    """Repeat each head of a key or value for all query heads that share it."""
    return a if a.ndim == 2 or a.shape[-3] == q.shape[-3] else np.repeat(a, q.shape[-3] // a.shape[-3], -3)


def shared(da: Array, a: Array) -> Array:
    """The adjoint of ``repeated``."""
    if da.shape == a.shape:
        return da
    each = da.reshape(*a.shape[:-2], da.shape[-3] // a.shape[-3], *a.shape[-2:])
    da_shared: Array = np.einsum("...gse->...se", each)
    return da_shared


def check(
    q: Array, k: Array, v: Array, mask: Array | None, is_causal: bool, enable_gqa: bool, dy: Array | None = None
) -> None:
    """Check the arguments of forward, and dy if given.

    Raises:
        ValueError: the dtypes differ, the shapes do not fit together, or there are two masks.
    """
    op, floats = "scaled_dot_product_attention", mask is not None and mask.dtype != bool
    same_dtype(op, query=q, key=k, value=v, attn_mask=mask if floats else None)
    shapes = {"query": q, "key": k, "value": v}
    lead = [a.shape[: -3 if enable_gqa else -2] for a in (q, k, v)]
    if min(a.ndim for a in (q, k, v)) < 2 + enable_gqa or lead[1:] != lead[:1] * 2:
        raise invalid(op, "query, key and value must have the same leading axes", **shapes)
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise invalid(op, "query and key must be equally wide, key and value equally many", **shapes)
    if enable_gqa and any(not a.shape[-3] or q.shape[-3] % a.shape[-3] for a in (k, v)):
        raise invalid(op, "the heads of key and value must divide those of query", **shapes)
    z = (*q.shape[:-1], k.shape[-2])
    if mask is not None and (is_causal or not fits(mask.shape, z)):
        reason = f"attn_mask must be broadcastable to {z}, and is_causal be False"
        raise invalid(op, reason, **shapes, attn_mask=mask, is_causal=is_causal)
    if dy is not None and dy.shape != (*q.shape[:-1], v.shape[-1]):
        raise invalid(op, f"dy must have y's shape {(*q.shape[:-1], v.shape[-1])}", **shapes, dy=dy)
