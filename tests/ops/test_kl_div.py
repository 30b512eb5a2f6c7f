"""Laws of the Kullback–Leibler divergence."""

import numpy as np
import pytest
import torch
from hypothesis import given

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.manual import kl_div, log_softmax
from cnn_oracle.ops import OPS

OP = OPS["kl_div"]

U = np.finfo(float).epsneg


@given(call=calls(OP))
def test_a_distribution_is_no_distance_from_itself_and_some_from_any_other(call):
    x = draw(OP, call).arrays["x"].reshape(-1)
    if x.size:
        p, other = (log_softmax.forward(a, dim=0) for a in (x, -2 * x))
        assert kl_div.forward(p, p, reduction="sum", log_target=True) == 0
        assert kl_div.forward(other, p, reduction="sum", log_target=True) >= -8 * x.size * U * np.abs(p).max()


@given(call=calls(OP))
def test_batchmean_is_the_sum_over_n(call):
    case = draw(OP, call)
    (x, target), options = case.arrays.values(), {"log_target": case.keywords.get("log_target", False)}
    total = kl_div.forward(x, target, reduction="sum", **options)
    if x.ndim and len(x):
        assert kl_div.forward(x, target, reduction="batchmean", **options) == total / len(x)


def test_a_target_of_zero_costs_nothing_but_its_gradient_is_nan_as_in_pytorch():
    x, target = (torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    y = torch.nn.functional.kl_div(x, target, reduction="sum")
    (theirs,) = torch.autograd.grad(y, target)
    assert kl_div.forward(np.zeros(1), np.zeros(1), reduction="sum") == y.item() == 0
    assert theirs.isnan()
    assert np.isnan(kl_div.backward(np.array(1.0), np.zeros(1), np.zeros(1), reduction="sum")[1])


@pytest.mark.filterwarnings("ignore:reduction")
def test_a_mean_over_nothing_is_nan_as_in_pytorch():
    empty = np.zeros((0, 3))
    assert np.isnan(kl_div.forward(empty, empty))
    assert torch.nn.functional.kl_div(torch.zeros(0, 3), torch.zeros(0, 3)).isnan()
    assert [d.shape for d in kl_div.backward(np.array(1.0), empty, empty)] == [(0, 3)] * 2
