"""Attention: for each query a mean of the values, weighted by how well their keys match. Vaswani et al. 2017.

z[…,l,s] = α Σ_e q[…,l,e] k[…,s,e] + mask[…,l,s]           α scale, 1/√E unless given
p[…,l,s] = softmax(z)[…,l,s], over s                      0 for a query whose keys are all masked, not 0/0
y[…,l,f] = Σ_s p[…,l,s] v[…,s,f]

dv[…,s,f] = Σ_l p[…,l,s] dy[…,l,f]
dp[…,l,s] = Σ_f dy[…,l,f] v[…,s,f]                         dz = p (dp − Σ_s p dp)
dq[…,l,e] = α Σ_s dz[…,l,s] k[…,s,e]
dk[…,s,e] = α Σ_l dz[…,l,s] q[…,l,e]

attn_mask is added; a boolean one is True for the keys that a query may use. is_causal lets query l use the keys 0 … l.
With enable_gqa, several heads of q share a head of k and v: it is repeated for each of them, and its gradient is their
sum. PyTorch's dropout_p is unsupported. So is the broadcasting of q, k and v against each other.
"""

import numpy as np

from ._attention import check, repeated, shared
from ._floats import ieee
from ._typing import Array


@ieee
def forward(
    query: Array, key: Array, value: Array, *,
    attn_mask: Array | None = None, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Array:  # fmt: skip
    """query (…, L, E), key (…, S, E), value (…, S, F) → y (…, L, F); attn_mask broadcastable to (…, L, S).

    Raises:
        ValueError: the shapes do not fit together, or both attn_mask and is_causal are given.
    """
    check(query, key, value, attn_mask, is_causal, enable_gqa)
    y: Array = _weights(query, key, attn_mask, is_causal, scale) @ repeated(value, query)
    return y


@ieee
def backward(
    dy: Array, query: Array, key: Array, value: Array, *,
    attn_mask: Array | None = None, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """dy (…, L, F) → dquery, dkey, dvalue."""
    check(query, key, value, attn_mask, is_causal, enable_gqa, dy)
    p = _weights(query, key, attn_mask, is_causal, scale)
    dp = dy @ repeated(value, query).mT
    dz = _alpha(query, scale) * p * (dp - (p * dp).sum(-1, keepdims=True))
    return dz @ repeated(key, query), shared(dz.mT @ query, key), shared(p.mT @ dy, value)


def _weights(q: Array, k: Array, mask: Array | None, is_causal: bool, scale: float | None) -> Array:
    """p."""
    z = _alpha(q, scale) * (q @ repeated(k, q).mT)
    if is_causal:
        mask = np.tri(*z.shape[-2:]) > 0
    if mask is not None:
        z = z + (np.where(mask, 0, -np.inf).astype(z.dtype) if mask.dtype == bool else mask)  # NaN stays, as in PyTorch
    most = z.max(-1, keepdims=True, initial=-np.inf)
    e = np.exp(z - np.where(most == -np.inf, z.dtype.type(0), most))
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, z.dtype.type(1), total)


def _alpha(q: Array, scale: float | None) -> float:
    return max(q.shape[-1], 1) ** -0.5 if scale is None else scale
