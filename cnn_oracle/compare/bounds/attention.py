"""The rounding bound of attention: its formula, evaluated on numbers that carry their error (rounding.py)."""

from math import sqrt
from typing import Any

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.bounds.common import tiny
from cnn_oracle.compare.bounds.rounding import Approx, exp, matmul, where
from cnn_oracle.manual._typing import Array


def bound(case: Case, u: float) -> Outputs:
    """The errors of y and the gradients, through z and p = softmax(z). See manual/scaled_dot_product_attention.py."""
    q, k, v = (case.as_float64(n) for n in ("query", "key", "value"))
    scale, mask = case.keywords.get("scale"), case.keywords.get("attn_mask")
    alpha = Approx(np.asarray(1 / sqrt(max(q.shape[-1], 1)) if scale is None else scale), 0.0, u) * 1
    query, key, value, dy = (Approx(_heads(a, q), 0.0, u) for a in (q, k, v, case.dy.astype(float)))
    z = matmul(query, key.mT) * alpha
    seen = np.tri(*z.value.shape[-2:]) > 0 if case.keywords.get("is_causal") else np.ones(z.value.shape[-2:], bool)
    if mask is not None:
        seen = mask if mask.dtype == bool else np.isfinite(mask)
        z = z if mask.dtype == bool else z + np.where(seen, mask, 0)
    seen = seen & (z.value > -np.inf)  # exp(−∞) is 0 without an error
    most = np.where(seen, z.value, -np.inf).max(-1, keepdims=True, initial=-np.inf)
    t = where(seen, z - np.where(np.isfinite(most), most, 0), z.one * 0)
    e = where(seen, exp(t), z.one * 0)
    total = e.sum(-1, keepdims=True)
    p = e / where(total.value > 0, total, total.one)
    dp = matmul(dy, value.mT)
    dz = p * (dp - (p * dp).sum(-1, keepdims=True)) * alpha
    outputs: dict[str, Any] = {
        "y": matmul(p, value).error,
        "dquery": matmul(dz, key).error,
        "dkey": _shared(matmul(dz.mT, query), k),
        "dvalue": _shared(matmul(p.mT, dy), v),
    }
    return {quantity: a + tiny(case) for quantity, a in outputs.items()}


def without_masked(case: Case, u: float, scores: bool) -> dict[str, Approx]:
    """y and the gradients if a masked key contributes nothing, even where it, its value or the query is not finite.

    With ``scores``, a key whose score is −∞ counts as masked: a kernel that looks at scores cannot tell them apart.

    The sums have only the terms of keys that the query may use: 0 · ∞ and 0 · NaN do not occur. Their bounds are those
    of the same formula.
    """
    q, k, v = (case.as_float64(n) for n in ("query", "key", "value"))
    scale, mask = case.keywords.get("scale"), case.keywords.get("attn_mask")
    alpha = Approx(np.asarray(1 / sqrt(max(q.shape[-1], 1)) if scale is None else scale), 0.0, u) * 1
    query, key, value, dy = (Approx(_heads(a, q), 0.0, u) for a in (q, k, v, case.dy.astype(float)))
    z = matmul(query, key.mT) * alpha
    seen = np.ones(z.value.shape, bool) & (np.tri(*z.value.shape[-2:]) > 0 if case.keywords.get("is_causal") else True)
    if mask is not None:
        seen = seen & (mask if mask.dtype == bool else mask != -np.inf)
        z = z if mask.dtype == bool else z + np.where(np.isfinite(mask), mask, 0)
    seen = seen & ((z.value != -np.inf) | (not scores))
    most = np.where(seen, z.value, -np.inf).max(-1, keepdims=True, initial=-np.inf)
    e = where(seen, exp(z - np.where(most == -np.inf, 0, most)), z.one * 0)
    total = e.sum(-1, keepdims=True)
    p = e / where(total.value == 0, total.one, total)

    def over(axis: int, a: Approx, b: Approx) -> Approx:
        """Σ a b over the keys (−2) or the queries (−3) of (…, L, S, E), only where the key is seen."""
        terms = a * b
        used = np.broadcast_to(seen[..., None], terms.value.shape)
        return where(used, terms, terms.one * 0).sum(axis)

    dp = where(seen, matmul(dy, value.mT), z.one * 0)
    dz = where(seen, p * (dp - (p * dp).sum(-1, keepdims=True)) * alpha, z.one * 0)
    p4, dz4 = (_with_axis(a, -1) for a in (p, dz))
    return {
        "y": over(-2, p4, _with_axis(value, -3)),
        "dquery": over(-2, dz4, _with_axis(key, -3)),
        "dkey": _shared_sum(over(-3, dz4, _with_axis(query, -2)), k),
        "dvalue": _shared_sum(over(-3, p4, _with_axis(dy, -2)), v),
    }


def _with_axis(a: Approx, axis: int) -> Approx:
    return Approx(np.expand_dims(a.value, axis), np.expand_dims(a.error, axis), a.u)


def distance_to_kink(case: Case) -> dict[str, Array]:
    """How far query and key may move until a score changes by 1. Large queries and keys make scores steep."""
    q, k = case.as_float64("query"), case.as_float64("key")
    scale = case.keywords.get("scale")
    alpha = abs(1 / sqrt(max(q.shape[-1], 1)) if scale is None else scale)
    return {
        name: np.full(a.shape, 1 / max(1.0, alpha * np.abs(b).sum(-1).max(initial=0)))
        for name, a, b in (("query", q, k), ("key", k, q))
    }


def _heads(a: Array, q: Array) -> Array:
    return np.repeat(a, q.shape[-3] // a.shape[-3], -3) if a.ndim > 2 and a.shape[-3] else a


def _shared(da: Approx, a: Array) -> Array:
    return _shared_sum(da, a).error


def _shared_sum(da: Approx, a: Array) -> Approx:
    if da.value.shape == a.shape:
        return da
    shape = (*a.shape[:-2], da.value.shape[-3] // a.shape[-3], *a.shape[-2:])
    return Approx(da.value.reshape(shape), da.error.reshape(shape), da.u).sum(-3)
