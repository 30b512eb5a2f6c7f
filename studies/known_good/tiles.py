"""Real tiles of 32, as kernels have: sums tile by tile, online softmax, Welford's variance, blocked attention.

linear, conv2d    tiled products; conv2d's tiles are of rows, columns and channels
softmax           one pass: the sum is rescaled when a tile has a larger maximum
mse_loss          partial sums of tiles, added as a tree
batch_norm        the same, for the sums of each channel
layer_norm        the mean and the sum of squares of each tile, merged as in Chan et al. 1979
embedding         the gradient is added tile by tile of the indices
scaled_dot_product_attention
                  tiles of queries and of keys, as in Dao et al. 2022; backward computes the weights again
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnn_oracle.manual import batch_norm as norm_of_channels
from cnn_oracle.manual import conv2d as convolution
from cnn_oracle.manual import embedding as table
from cnn_oracle.manual import layer_norm as norm
from cnn_oracle.manual import linear as layer
from cnn_oracle.manual import mse_loss as loss
from cnn_oracle.manual import scaled_dot_product_attention as attention
from cnn_oracle.manual import softmax as exponential
from cnn_oracle.manual._attention import check, repeated, shared
from cnn_oracle.manual._floats import ieee
from cnn_oracle.manual._geometry import conv, same_dtype
from cnn_oracle.manual._typing import Array
from cnn_oracle.studies.known_good.taps import padded

TILE = 32


def _tiles(n: int) -> Iterator[slice]:
    return (slice(i, min(i + TILE, n)) for i in range(0, n, TILE))


def _product(a: Array, b: Array) -> Array:
    """a (N, K) times b (K, M)."""
    y = np.zeros((len(a), b.shape[1]), a.dtype)
    for n in _tiles(len(a)):
        for m in _tiles(b.shape[1]):
            for k in _tiles(len(b)):
                y[n, m] += a[n, k] @ b[k, m]
    return y


def _tree(a: Array) -> Array:
    """The sum of the first axis: partial sums of tiles, and zeros that make their number a power of two."""
    partial = [a[part].sum(0) for part in _tiles(len(a))]
    zero = np.zeros(a.shape[1:], a.dtype)
    partial += [zero] * ((1 << max(len(partial) - 1, 0).bit_length()) - len(partial))
    while len(partial) > 1:
        half = len(partial) // 2
        partial = [u + v for u, v in zip(partial[:half], partial[half:], strict=True)]
    return np.asarray(partial[0])


@ieee
def _linear(x: Array, w: Array, b: Array | None = None) -> Array:
    layer._check(x, w, b)
    y = _product(layer._rows(x), w.T).reshape(*x.shape[:-1], len(w))
    return y if b is None else y + b


@ieee
def _linear_gradients(dy: Array, x: Array, w: Array, b: Array | None = None) -> tuple[Array | None, ...]:
    layer._check(x, w, b, dy)
    rows = layer._rows(dy)
    dx = _product(rows, w).reshape(x.shape)
    return dx, _product(rows.T, layer._rows(x)), None if b is None else _tree(rows)


def _conv2d(
    x: Array, w: Array, b: Array | None = None, *,
    stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1,
) -> Array:  # fmt: skip
    same_dtype("conv2d", x=x, w=w, b=b)
    t, d, pads = conv("conv2d", x.shape, w.shape, b, stride, padding, dilation, groups)
    span = [e * (k - 1) + 1 for e, k in zip(d, w.shape[2:], strict=True)]
    u = sliding_window_view(padded(x, pads), span, (2, 3))[:, :, :: t[0], :: t[1], :: d[0], :: d[1]]
    y = np.zeros((len(x), len(w), *u.shape[2:4]), x.dtype)
    for g in range(groups):
        filters = slice(g * len(w) // groups, (g + 1) * len(w) // groups)
        of_group, sums = u[:, g * w.shape[1] : (g + 1) * w.shape[1]], y[:, filters]
        for p in _tiles(y.shape[2]):
            for q in _tiles(y.shape[3]):
                for c in _tiles(w.shape[1]):
                    sums[:, :, p, q] += np.einsum("ncpqrs,ocrs->nopq", of_group[:, c, p, q], w[filters, c])
    return y if b is None else y + b[:, None, None]


@ieee
def _softmax(x: Array, *, dim: int) -> Array:
    y = exponential.forward(x, dim=dim)
    if not x.ndim or not x.size:
        return y
    rows = np.moveaxis(x, dim, -1)
    most, total = np.full((*rows.shape[:-1], 1), -np.inf, x.dtype), np.zeros((*rows.shape[:-1], 1), x.dtype)
    for part in _tiles(rows.shape[-1]):
        before, most = most, np.maximum(most, rows[..., part].max(-1, keepdims=True))
        shift = _finite(most)
        total = total * np.exp(before - shift) + np.exp(rows[..., part] - shift).sum(-1, keepdims=True)
    return np.moveaxis(np.exp(rows - most) / total, -1, dim)


@ieee
def _softmax_gradient(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    (dx,) = exponential.backward(dy, x, dim=dim)
    if not x.ndim or not x.size:
        return (dx,)
    y, v = np.moveaxis(_softmax(x, dim=dim), dim, -1), np.moveaxis(dy, dim, -1)
    total = np.zeros_like(y[..., :1])
    for part in _tiles(y.shape[-1]):
        total = total + (v[..., part] * y[..., part]).sum(-1, keepdims=True)
    return (np.moveaxis(y * (v - total), -1, dim),)


def _finite(most: Array) -> Array:
    """What a softmax subtracts: 0 where all numbers are −∞."""
    return np.where(most == -np.inf, most.dtype.type(0), most)


@ieee
def _mse(x: Array, target: Array, *, reduction: str = "mean", weight: Array | None = None) -> Array:
    y = loss.forward(x, target, reduction=reduction, weight=weight)
    if reduction == "none" or not x.size:
        return y
    d = (x - target).ravel()
    v = np.ones_like(d) if weight is None else weight.ravel()
    total = _tree(v * d * d)
    return np.asarray(total / _tree(v) if reduction == "mean" else total)


@ieee
def _batch_norm(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, training: bool = False, **options: Any
) -> Array:
    y = norm_of_channels.forward(x, weight, bias, training=training, **options)
    if not training or not x.size:
        return y
    rows = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    count = x.dtype.type(len(rows))
    mean = _tree(rows) / count
    options |= {"running_mean": mean, "running_var": _tree((rows - mean) ** 2) / count}
    return norm_of_channels.forward(x, weight, bias, training=False, **options)


@ieee
def _layer_norm(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, normalized_shape: Any, eps: float = 1e-5
) -> Array:
    y = norm.forward(x, weight, bias, normalized_shape=normalized_shape, eps=eps)
    if not x.size:
        return y
    rows = x.reshape(*x.shape[: x.ndim - len(normalized_shape)], -1)
    mean, squares = np.zeros_like(rows[..., :1]), np.zeros_like(rows[..., :1])
    for part in _tiles(rows.shape[-1]):
        tile, before, count = rows[..., part], part.start, part.stop
        of_tile = tile.mean(-1, keepdims=True)
        distance = of_tile - mean
        mean = mean + distance * x.dtype.type((count - before) / count)
        squares = squares + ((tile - of_tile) ** 2).sum(-1, keepdims=True)
        squares = squares + distance * distance * x.dtype.type(before * (count - before) / count)
    z = ((rows - mean) / np.sqrt(squares / x.dtype.type(rows.shape[-1]) + x.dtype.type(eps))).reshape(x.shape)
    scaled = z if weight is None else z * weight
    return np.asarray(scaled if bias is None else scaled + bias)


def _embedding_gradient(dy: Array, w: Array, *, indices: Array, **options: Any) -> tuple[Array]:
    (dw,) = table.backward(dy, w, indices=indices, **options)
    if options.get("scale_grad_by_freq"):
        return (dw,)
    i, rows = indices.ravel(), dy.reshape(indices.size, w.shape[1])
    dw = np.zeros_like(w)
    for part in _tiles(i.size):
        dw += table.backward(rows[part], w, indices=i[part], **options)[0]
    return (dw,)


class _Attention:
    """The scores of a tile of queries and a tile of keys, of one call."""

    def __init__(
        self, q: Array, k: Array, v: Array, dy: Array | None, *,
        attn_mask: Array | None = None, is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
    ) -> None:  # fmt: skip
        check(q, k, v, attn_mask, is_causal, enable_gqa, dy)
        self.q, self.k, self.v, self.alpha = q, repeated(k, q), repeated(v, q), attention._alpha(q, scale)
        self.causal, self.mask = is_causal, attn_mask
        if attn_mask is not None:
            self.mask = np.broadcast_to(attn_mask, (*q.shape[:-1], k.shape[-2]))

    def scores(self, queries: slice, keys: slice) -> Array:
        z: Array = self.alpha * (self.q[..., queries, :] @ self.k[..., keys, :].mT)
        if self.causal:
            allowed = np.arange(queries.start, queries.stop)[:, None] >= np.arange(keys.start, keys.stop)
            z += np.where(allowed, 0, -np.inf).astype(z.dtype)
        if self.mask is not None:
            mask = self.mask[..., queries, keys]
            z += np.where(mask, 0, -np.inf).astype(z.dtype) if mask.dtype == bool else mask
        return z

    def forward(self, queries: slice) -> tuple[Array, Array, Array]:
        """The maximum, the sum and the output of a tile of queries, in one pass over the keys."""
        some = self.q[..., queries, :1].shape[:-1]
        dtype = self.q.dtype
        most, total = np.full((*some, 1), -np.inf, dtype), np.zeros((*some, 1), dtype)
        y = np.zeros((*some, self.v.shape[-1]), dtype)
        for keys in _tiles(self.k.shape[-2]):
            z = self.scores(queries, keys)
            before, most = most, np.maximum(most, z.max(-1, keepdims=True))
            e, rescaled = np.exp(z - _finite(most)), np.exp(before - _finite(most))
            total = total * rescaled + e.sum(-1, keepdims=True)
            y = y * rescaled + e @ self.v[..., keys, :]
        total = np.where(total == 0, dtype.type(1), total)
        return _finite(most), total, y / total


@ieee
def _attend(query: Array, key: Array, value: Array, **options: Any) -> Array:
    one = _Attention(query, key, value, None, **options)
    y = np.zeros((*query.shape[:-1], value.shape[-1]), query.dtype)
    for queries in _tiles(query.shape[-2]):
        y[..., queries, :] = one.forward(queries)[2]
    return y


@ieee
def _attention_gradients(
    dy: Array, query: Array, key: Array, value: Array, **options: Any
) -> tuple[Array, Array, Array]:  # fmt: skip
    one = _Attention(query, key, value, dy, **options)
    dq, dk, dv = np.zeros_like(query), np.zeros_like(one.k), np.zeros_like(one.v)
    for queries in _tiles(query.shape[-2]):
        most, total, y = one.forward(queries)
        v = dy[..., queries, :]
        mean = (v * y).sum(-1, keepdims=True)
        for keys in _tiles(key.shape[-2]):
            p = np.exp(one.scores(queries, keys) - most) / total
            dz = one.alpha * p * (v @ one.v[..., keys, :].mT - mean)
            dq[..., queries, :] += dz @ one.k[..., keys, :]
            dk[..., keys, :] += dz.mT @ query[..., queries, :]
            dv[..., keys, :] += p.mT @ v
    return dq, shared(dk, key), shared(dv, value)


linear = SimpleNamespace(forward=_linear, backward=_linear_gradients)
conv2d = SimpleNamespace(forward=_conv2d, backward=convolution.backward)
softmax = SimpleNamespace(forward=_softmax, backward=_softmax_gradient)
mse_loss = SimpleNamespace(forward=_mse, backward=loss.backward)
batch_norm = SimpleNamespace(forward=_batch_norm, backward=norm_of_channels.backward)
layer_norm = SimpleNamespace(forward=_layer_norm, backward=norm.backward)
embedding = SimpleNamespace(forward=table.forward, backward=_embedding_gradient)
scaled_dot_product_attention = SimpleNamespace(forward=_attend, backward=_attention_gradients)
