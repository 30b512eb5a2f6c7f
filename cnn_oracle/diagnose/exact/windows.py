"""Definitions of ops that slide a window, and of ops that move or multiply elements: sums, maxima, means."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import product
from math import prod
from typing import Any

import numpy as np

from cnn_oracle.calls.unsafe import per_axis
from cnn_oracle.manual._typing import Array

Index = tuple[int, ...]


def conv(
    index: Index, *, x: Array, w: Array, b: Array | None, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """y[n,o,p] = b[o] + Σ_cr w[o,c,r] x[n, c of o's group, p t − lo + r d]"""
    n, o, *p = index
    rank, (channels, *kernel) = len(p), w.shape[1:]
    t, d = per_axis(stride, rank), per_axis(dilation, rank)
    if isinstance(padding, str):
        padding = tuple(d1 * (k - 1) // 2 * (padding == "same") for d1, k in zip(d, kernel, strict=True))
    first = o // (w.shape[0] // groups) * channels
    y = Fraction(0) if b is None else b[o]
    for c, *r in np.ndindex(w.shape[1:]):
        position = [
            p1 * t1 - lo + r1 * d1 for p1, t1, lo, r1, d1 in zip(p, t, per_axis(padding, rank), r, d, strict=True)
        ]
        if _inside(position, x.shape[2:]):
            y += w[o, c, *r] * x[n, first + c, *position]
    return y


def conv_transpose(
    index: Index,
    *,
    x: Array,
    w: Array,
    b: Array | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    **_: Any,
) -> Any:
    """y[n,o,q] = b[o] + Σ x[n,c,p] w[c,o,r] over all c of o's group and all p, r with p t + r d − lo = q"""
    n, o, *q = index
    rank, (filters, *kernel) = len(q), w.shape[1:]
    t, lo, d = (per_axis(option, rank) for option in (stride, padding, dilation))
    group, y = o // filters, Fraction(0) if b is None else b[o]
    for p, r in product(np.ndindex(x.shape[2:]), np.ndindex(*kernel)):
        if all(p1 * t1 + r1 * d1 - lo1 == q1 for p1, t1, r1, d1, lo1, q1 in zip(p, t, r, d, lo, q, strict=True)):
            for c in range(group * x.shape[1] // groups, (group + 1) * x.shape[1] // groups):
                y += x[n, c, *p] * w[c, o % filters, *r]
    return y


def unfold(index: Index, *, x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> Any:
    """y[n, (c,r,s), (p,q)] = x[n,c, p t − lo + r d, …], 0 outside"""
    n, row, column = index
    k, t, lo, d = (per_axis(option, 2) for option in (kernel_size, stride, padding, dilation))
    c, *r = np.unravel_index(row, (x.shape[1], *k))
    p = np.unravel_index(column, _windows(x.shape[2:], k, t, lo, d))
    position = [p1 * t1 - lo1 + r1 * d1 for p1, t1, lo1, r1, d1 in zip(p, t, lo, r, d, strict=True)]
    return x[n, c, *position] if _inside(position, x.shape[2:]) else Fraction(0)


def fold(
    index: Index, *, x: Array, output_size: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any
) -> Any:
    """y[n,c,h,w] = Σ x[n, (c,r,s), (p,q)] over all p t − lo + r d = h, …"""
    n, c, *position = index
    k, t, lo, d = (per_axis(option, 2) for option in (kernel_size, stride, padding, dilation))
    windows, y = _windows(per_axis(output_size, 2), k, t, lo, d), Fraction(0)
    for r, p in product(np.ndindex(*k), np.ndindex(*windows)):
        if all(p1 * t1 - lo1 + r1 * d1 == h for p1, t1, lo1, r1, d1, h in zip(p, t, lo, r, d, position, strict=True)):
            y += x[n, np.ravel_multi_index((c, *r), (c + 1, *k)), np.ravel_multi_index(p, windows)]
    return y


def linear(index: Index, *, x: Array, w: Array, b: Array | None) -> Any:
    *n, o = index if w.ndim > 1 else (*index, None)
    row = w[o] if w.ndim > 1 else w
    y = sum((a * c for a, c in zip(x[tuple(n)], row, strict=True)), Fraction(0))
    return y if b is None else y + (b[o] if b.ndim else b[()])


def bilinear(index: Index, *, x1: Array, x2: Array, w: Array, b: Array | None) -> Any:
    *n, o = index
    y = sum((x1[*n, i] * w[o, i, j] * x2[*n, j] for i, j in np.ndindex(w.shape[1:])), Fraction(0))
    return y if b is None else y + b[o]


def max_pool(
    index: Index, *, x: Array, kernel_size: Any, stride: Any, padding: Any, dilation: Any, **_: Any
) -> Any:  # fmt: skip
    n, c, *p = index
    k, t, lo, d = (per_axis(o, len(p)) for o in (kernel_size, stride or kernel_size, padding, dilation))
    axes = zip(p, k, t, lo, d, strict=True)
    elements = product(*([p1 * t1 - lo1 + r * d1 for r in range(k1)] for p1, k1, t1, lo1, d1 in axes))
    return max(x[n, c, *position] for position in elements if _inside(position, x.shape[2:]))


def avg_pool(
    index: Index, *, x: Array, kernel_size: Any, stride: Any, padding: Any, count_include_pad: bool,
    divisor_override: int | None = None, **_: Any,
) -> Any:  # fmt: skip
    """The mean over the taps of a window.

    Taps in the padding count if count_include_pad. Taps that ceil_mode adds behind the padding never count.
    """
    n, c, *p = index
    k, t, lo = (per_axis(option, len(p)) for option in (kernel_size, stride or kernel_size, padding))
    padded = [
        range(p1 * t1 - lo1, min(p1 * t1 - lo1 + k1, size + lo1))
        for p1, k1, t1, lo1, size in zip(p, k, t, lo, x.shape[2:], strict=True)
    ]
    inside = [range(max(a.start, 0), min(a.stop, size)) for a, size in zip(padded, x.shape[2:], strict=True)]
    count = divisor_override or prod(map(len, padded if count_include_pad else inside))
    return sum((x[n, c, *position] for position in product(*inside)), Fraction(0)) / count


def _adaptive_window(index: Index, x: Array, output_size: Any) -> Iterator[Any]:
    n, c, *p = index
    counts = [size if m is None else m for m, size in zip(per_axis(output_size, 2), x.shape[2:], strict=True)]
    axes = zip(p, counts, x.shape[2:], strict=True)
    rows = (range(p1 * size // m, -(-(p1 + 1) * size // m)) for p1, m, size in axes)
    return (x[n, c, *position] for position in product(*rows))


def adaptive_avg_pool2d(index: Index, *, x: Array, output_size: Any) -> Any:
    elements = [*_adaptive_window(index, x, output_size)]
    return sum(elements, Fraction(0)) / len(elements)


def adaptive_max_pool2d(index: Index, *, x: Array, output_size: Any) -> Any:
    return max(_adaptive_window(index, x, output_size))


def pixel_shuffle(index: Index, *, x: Array, upscale_factor: int) -> Any:
    """y[…,c, p f + r, q f + s] = x[…, (c,r,s), p, q]"""
    *n, c, h, w = index
    f = upscale_factor
    return x[*n, (c * f + h % f) * f + w % f, h // f, w // f]


def pixel_unshuffle(index: Index, *, x: Array, downscale_factor: int) -> Any:
    *n, k, p, q = index
    f = downscale_factor
    return x[*n, k // f**2, p * f + k // f % f, q * f + k % f]


def embedding(index: Index, *, w: Array, indices: Array, **_: Any) -> Any:
    return w[indices[index[:-1]], index[-1]]


def flatten(index: Index, *, x: Array, start_dim: int, end_dim: int) -> Any:
    """Row-major order is kept."""
    if not x.ndim:
        return x[()]
    first, last = start_dim % x.ndim, end_dim % x.ndim + 1
    inner = np.unravel_index(index[first], x.shape[first:last])
    return x[(*index[:first], *map(int, inner), *index[first + 1 :])]


def pad(index: Index, *, x: Array, pad: Index, mode: str, value: float | None) -> Any:
    """``pad`` holds pairs (before, behind), from the last axis on. Negative numbers crop."""
    position, before = list(index), pad[::2]
    for axis, lo in zip(range(x.ndim - 1, -1, -1), before, strict=False):
        position[axis] -= lo
    if mode == "constant":
        return x[tuple(position)] if _inside(position, x.shape) else Fraction(value or 0)
    if mode == "circular":  # PyTorch crops before it wraps: tests/ops/test_pad.py
        return None
    last = [n - 1 for n in x.shape]
    if mode == "reflect":
        return x[tuple(m - abs(m - abs(j)) for j, m in zip(position, last, strict=True))]
    return x[tuple(min(max(j, 0), m) for j, m in zip(position, last, strict=True))]


def _inside(position: Any, shape: Index) -> bool:
    return all(0 <= i < n for i, n in zip(position, shape, strict=True))


def _windows(size: Index, k: Index, t: Index, lo: Index, d: Index) -> Index:
    axes = zip(size, k, t, lo, d, strict=True)
    return tuple((n + 2 * lo1 - d1 * (k1 - 1) - 1) // t1 + 1 for n, k1, t1, lo1, d1 in axes)


DEFINITIONS: Mapping[str, Callable[..., Any]] = {
    **{f"conv{rank}d": conv for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": conv_transpose for rank in (1, 2, 3)},
    **{f"max_pool{rank}d": max_pool for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": avg_pool for rank in (1, 2, 3)},
    "unfold": unfold,
    "fold": fold,
    "linear": linear,
    "bilinear": bilinear,
    "adaptive_avg_pool2d": adaptive_avg_pool2d,
    "adaptive_max_pool2d": adaptive_max_pool2d,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "embedding": embedding,
    "flatten": flatten,
    "pad": pad,
}
