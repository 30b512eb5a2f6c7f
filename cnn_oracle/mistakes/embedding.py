"""Wrong derivations of the embedding."""

from typing import Any

import numpy as np

from cnn_oracle.manual import embedding
from cnn_oracle.manual._typing import Array


def rows_overwritten(dy: Array, w: Array, *, indices: Array, **options: Any) -> tuple[Array]:
    """dw is assigned (=) where an index occurs more than once, not added (+=)"""
    dw = np.zeros_like(w)
    dw[indices] = dy
    return (np.where(embedding.backward(dy, w, indices=indices, **options)[0] == 0, w.dtype.type(0), dw),)


def padding_row_learnt(dy: Array, w: Array, *, indices: Array, **options: Any) -> tuple[Array]:
    """the row of padding_idx gets a gradient; it must be zero"""
    return embedding.backward(dy, w, indices=indices, **(options | {"padding_idx": None}))
