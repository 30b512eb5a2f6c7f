"""Unlisted wrong derivations of the table of rows."""

from typing import Any

from cnn_oracle.manual import embedding
from cnn_oracle.manual._typing import Array


def padding_row_read_as_zero(w: Array, *, indices: Array, padding_idx: int | None = None, **options: Any) -> Array:
    """y is 0 where the index is padding_idx; it must be that row of w"""
    y = embedding.forward(w, indices=indices)
    if padding_idx is not None:
        y[indices == padding_idx % len(w)] = 0
    return y


def negative_padding_idx_ignored(
    dy: Array, w: Array, *, indices: Array, padding_idx: int | None = None, **options: Any
) -> tuple[Array]:
    """a negative padding_idx is ignored; it must count from the end"""
    idx = None if padding_idx is not None and padding_idx < 0 else padding_idx
    return embedding.backward(dy, w, indices=indices, padding_idx=idx, **options)


def divided_by_all_indices(
    dy: Array, w: Array, *, indices: Array, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> tuple[Array]:
    """scale_grad_by_freq divides by the number of all indices, not by how often a row occurs"""
    (dw,) = embedding.backward(dy, w, indices=indices, padding_idx=padding_idx)
    return (dw / max(indices.size, 1) if scale_grad_by_freq else dw,)
