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


def averaged_over_the_occurrences(dy: Array, w: Array, *, indices: Array, **options: Any) -> tuple[Array]:
    """the row of an index gets the mean of its gradients, even without scale_grad_by_freq; it must get their sum"""
    return embedding.backward(dy, w, indices=indices, **(options | {"scale_grad_by_freq": True}))


def frequency_ignored(dy: Array, w: Array, *, indices: Array, **options: Any) -> tuple[Array]:
    """scale_grad_by_freq is ignored: gradients are not divided by how often their index occurs"""
    return embedding.backward(dy, w, indices=indices, **(options | {"scale_grad_by_freq": False}))


def divided_by_the_number_of_indices(dy: Array, w: Array, *, indices: Array, **options: Any) -> tuple[Array]:
    """dw is divided by the number of all indices; that mean belongs to the loss"""
    (dw,) = embedding.backward(dy, w, indices=indices, **options)
    return (dw / w.dtype.type(max(indices.size, 1)),)
