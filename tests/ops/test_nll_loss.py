"""Laws of the negative log-likelihood."""

import numpy as np
import pytest
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import multiples_of_the_weight
from cnn_oracle.manual import nll_loss
from cnn_oracle.ops import OPS

OP = OPS["nll_loss"]


@given(call=calls(OP))
def test_only_the_labelled_classes_have_a_gradient(call):
    case = draw(OP, call, multiples_of_the_weight)
    x, target = case.arrays["x"], case.keywords["target"]
    (dx,) = nll_loss.backward(case.dy, x, **case.keywords)
    is_label = np.moveaxis(target[..., None] == np.arange(x.shape[1]), -1, 1)
    assert (dx[~is_label] == 0).all()


@given(call=calls(OP))
def test_is_linear_in_the_log_probabilities(call):
    case = draw(OP, call, multiples_of_the_weight)
    x = case.arrays["x"]
    y = nll_loss.forward(x, **case.keywords)
    assert np.array_equal(nll_loss.forward(2 * x, **case.keywords), 2 * y, equal_nan=True)


def test_a_mean_over_no_samples_is_nan_and_sends_nothing_back():
    x, target = np.ones((2, 3)), np.array([-100, -100])
    assert np.isnan(nll_loss.forward(x, target=target))
    assert (nll_loss.backward(np.array(1.0), x, target=target)[0] == 0).all()


@pytest.mark.of_manual
@pytest.mark.parametrize("label", [3, -1])
def test_a_label_out_of_range_is_rejected(label):
    with pytest.raises(ValueError, match="nll_loss") as error:
        nll_loss.forward(np.ones((2, 3)), target=np.array([0, label]))
    assert str(error.value) == f"nll_loss(x=(2, 3), target=(2,)): label {label} is none of the 3 classes"


@pytest.mark.of_manual
@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_labels_are_integers_of_any_kind(dtype):
    x, target = np.arange(6.0).reshape(2, 3), np.array([2, 0], dtype)
    assert np.array_equal(nll_loss.forward(x, target=target, reduction="none"), [-2, -3])
