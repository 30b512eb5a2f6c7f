"""Wrong derivations of the window positions of adaptive pooling."""

from typing import Any

import numpy as np

from cnn_oracle.manual._adaptive import Windows, windows
from cnn_oracle.manual._typing import Array


def windows_all_alike(op: str, x: Array, *, output_size: Any) -> Array:
    """all windows have stride ⌊n/P⌋ and size n − (P − 1) ⌊n/P⌋, as in ordinary pooling"""
    axes = zip(windows(op, x, output_size), x.shape[2:], strict=True)
    alike = [[slice(p * (n // len(w)), n - (len(w) - 1 - p) * (n // len(w))) for p in range(len(w))] for w, n in axes]
    return _pooled(op, x, *alike)


def ends_rounded_down(op: str, x: Array, *, output_size: Any) -> Array:
    """windows end at ⌊(p + 1) n/P⌋, at least one element long; they must end at ⌈(p + 1) n/P⌉"""
    axes = zip(windows(op, x, output_size), x.shape[2:], strict=True)
    apart = [[slice(i.start, max((p + 1) * n // len(w), i.start + 1)) for p, i in enumerate(w)] for w, n in axes]
    return _pooled(op, x, *apart)


def rows_and_columns_exchanged(op: str, x: Array, *, output_size: Any) -> Array:
    """output_size is read as (columns, rows)"""
    rows, columns = windows(op, x, output_size)
    rotated = windows(op, x, (len(columns), len(rows)))
    return _pooled(op, x, *rotated)


def _pooled(op: str, x: Array, rows: Windows, columns: Windows) -> Array:
    combine = np.max if op == "adaptive_max_pool2d" else np.mean
    y = np.array([[combine(x[:, :, i, j], (2, 3)) for j in columns] for i in rows], x.dtype)
    return y.transpose(2, 3, 0, 1).copy()
