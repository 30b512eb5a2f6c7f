"""Rows of a table, selected by index.

y[…,d]   = w[i[…],d]                                       i indices
dw[r,d]  = Σ dy[…,d] over i[…] = r                         0 where r is padding_idx: that row is not learnt

scale_grad_by_freq divides the sum by its number of terms. PyTorch's max_norm is unsupported: it writes to w. PyTorch's
sparse is unsupported: it changes how dw is stored, not its values.
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._typing import Array


def forward(
    w: Array, *, indices: Array, padding_idx: int | None = None,
    scale_grad_by_freq: bool = False,  # noqa: ARG001
) -> Array:  # fmt: skip
    """w (R, D), indices integers of any shape in 0 … R−1 → y (…, D). Names as in torch.ops.aten.embedding.

    Raises:
        ValueError: w is not a table, or an index or padding_idx is not one of its rows.
    """
    _check(w, indices, padding_idx)
    y: Array = w[indices]
    return y


@ieee
def backward(
    dy: Array, w: Array, *, indices: Array, padding_idx: int | None = None, scale_grad_by_freq: bool = False
) -> tuple[Array]:
    """dy (…, D) → dw (R, D). padding_idx may count from the end."""
    _check(w, indices, padding_idx)
    if dy.shape != (*indices.shape, w.shape[1]):
        raise invalid(
            "embedding", f"dy must have y's shape {(*indices.shape, w.shape[1])}", w=w, indices=indices, dy=dy
        )
    dw = np.zeros_like(w)
    np.add.at(dw, indices, dy)
    if scale_grad_by_freq:
        dw /= np.maximum(np.bincount(indices.ravel(), minlength=len(w)), 1)[:, None]
    if padding_idx is not None:
        dw[padding_idx] = 0
    return (dw,)


def _check(w: Array, indices: Array, padding_idx: int | None) -> None:
    if w.ndim != 2 or not np.issubdtype(indices.dtype, np.integer):
        raise invalid("embedding", "w must be (R, D) and indices integers", w=w, indices=indices)
    if (bad := indices[(indices < 0) | (indices >= len(w))]).size:
        raise invalid("embedding", f"index {bad[0]} is none of the {len(w)} rows", w=w, indices=indices)
    if padding_idx is not None and not -len(w) <= padding_idx < len(w):
        raise invalid("embedding", f"padding_idx must be one of the {len(w)} rows", w=w, padding_idx=padding_idx)
