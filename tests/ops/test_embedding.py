"""Laws of the embedding."""

import numpy as np
import pytest
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import rows
from cnn_oracle.manual import embedding
from cnn_oracle.ops import OPS

OP = OPS["embedding"]


@given(call=calls(OP))
def test_is_a_product_with_one_hot_rows(call):
    case = draw(OP, call, rows)
    w, indices = case.arrays["w"], case.keywords["indices"]
    one_hot = (indices.reshape(-1, 1) == np.arange(len(w))).astype(float)
    assert np.array_equal(embedding.forward(w, indices=indices), (one_hot @ w).reshape(*indices.shape, w.shape[1]))
    (dw,) = embedding.backward(case.dy, w, indices=indices)
    if case.exact:
        assert np.array_equal(dw, one_hot.T @ case.dy.reshape(indices.size, w.shape[1]))


@pytest.mark.parametrize("padding_idx", [1, -2])
def test_the_padding_row_is_read_but_not_learnt(padding_idx):
    w, indices = np.arange(6.0).reshape(3, 2), np.array([1, 1, 2])
    assert np.array_equal(embedding.forward(w, indices=indices, padding_idx=padding_idx), w[indices])
    (dw,) = embedding.backward(np.ones((3, 2)), w, indices=indices, padding_idx=padding_idx)
    assert dw.tolist() == [[0, 0], [0, 0], [1, 1]]


def test_scaled_by_frequency_a_row_learns_the_mean():
    (dw,) = embedding.backward(
        np.array([[1.0], [3.0], [5.0]]), np.ones((2, 1)), indices=np.array([0, 0, 1]), scale_grad_by_freq=True
    )
    assert dw.tolist() == [[2], [5]]


@pytest.mark.of_manual
@pytest.mark.parametrize("index", [3, -1])
def test_an_index_out_of_range_is_rejected(index):
    with pytest.raises(ValueError, match="embedding") as error:
        embedding.forward(np.ones((3, 2)), indices=np.array([0, index]))
    assert str(error.value) == f"embedding(w=(3, 2), indices=(2,)): index {index} is none of the 3 rows"
