"""Laws of instance norm. Most are bitwise: the standard deviation of ``square_numbers`` is 2."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.cases.exact_grids import square_numbers
from cnn_oracle.manual import batch_norm, instance_norm
from cnn_oracle.reference import instance_norm as reference

seeds = st.integers(0, 2**32 - 1)


def draw(seed, shape=(3, 2, 4, 2)):
    rng = np.random.default_rng(seed)
    return rng, square_numbers(rng, shape, (2, 3), 9)


@given(seed=seeds)
def test_is_batch_norm_of_each_single_sample(seed):
    rng, x = draw(seed)
    dy, w, b = (rng.integers(-9, 10, shape).astype(float) for shape in (x.shape, 2, 2))
    y, (dx, dw, db) = instance_norm.forward(x, w, b, eps=1.0), instance_norm.backward(dy, x, w, b, eps=1.0)
    singles = [batch_norm.backward(dy[[n]], x[[n]], w, b, training=True, eps=1.0) for n in range(3)]
    assert np.array_equal(y, [batch_norm.forward(x[[n]], w, b, training=True, eps=1.0)[0] for n in range(3)])
    assert np.array_equal(dx, [a[0][0] for a in singles])
    assert np.array_equal(dw, sum(a[1] for a in singles))
    assert np.array_equal(db, sum(a[2] for a in singles))


@given(seed=seeds)
def test_by_running_statistics_it_is_batch_norms_evaluation(seed):
    rng, x = draw(seed)
    statistics = {"running_mean": rng.standard_normal(2), "running_var": rng.uniform(0.5, 2, 2)}
    assert np.array_equal(
        instance_norm.forward(x, use_input_stats=False, **statistics), batch_norm.forward(x, **statistics)
    )


@given(seed=seeds, momentum=st.sampled_from([0.25, 0.5, 1.0, 0.0]))
def test_running_statistics_are_pytorchs_to_the_bit(seed, momentum):
    """With four values in each of two samples, the unbiased variance is 12/3 and a mean of two is exact."""
    rng, x = draw(seed, (2, 3, 2, 2))
    mean, var = rng.integers(-9, 10, 3).astype(float), rng.integers(0, 10, 3).astype(float)
    ours = instance_norm.running_statistics(x, mean, var, momentum=momentum)
    theirs = reference.running_statistics(*map(torch.from_numpy, (x, mean, var)), momentum=momentum)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("norm", [instance_norm, batch_norm])
@pytest.mark.parametrize("shape", [(2, 2, 0), (1, 2, 0), (2, 2, 0, 3), (2, 2, 3, 0), (2, 2, 0, 0, 0)])
def test_without_a_value_running_statistics_stay_as_they_are_as_in_pytorch(norm, shape):
    x, (mean, var) = np.ones(shape), np.array([[3.0, -3], [5, 7]])
    theirs = reference.running_statistics(*map(torch.tensor, (x, mean, var)), momentum=0.5)
    ours = norm.running_statistics(x, mean, var, momentum=0.5)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert np.array_equal(ours, [mean, var])
    assert not any(np.shares_memory(a, b) for a, b in zip(ours, (mean, var), strict=True))


@pytest.mark.torch_only("2.13.0")
def test_without_momentum_a_layer_never_learns_its_statistics():
    """A finding: momentum=None is the cumulative average in BatchNorm; InstanceNorm of torch 2.13.0 treats it as 0."""
    layer = torch.nn.InstanceNorm1d(2, momentum=None, track_running_stats=True)
    layer(torch.tensor([[[1.0, 2], [3, 5]]]))
    assert layer.running_mean.tolist() == [0, 0]
    assert layer.running_var.tolist() == [1, 1]


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_an_empty_batch_is_rejected_where_pytorch_accepts_it_without_a_weight():
    """A finding: torch 2.13.0 accepts an empty batch, fails internally with a weight, and sets statistics to NaN."""
    x, w = torch.ones(0, 2, 3), torch.ones(2)
    assert torch.nn.functional.instance_norm(x).shape == x.shape
    with pytest.raises(IndexError, match="index 0 out of range"):
        torch.nn.functional.instance_norm(x, weight=w)
    mean = torch.zeros(2)
    torch.nn.functional.instance_norm(x, mean, torch.ones(2))
    assert mean.isnan().all()
    with pytest.raises(ValueError, match=r"instance_norm\(x=\(0, 2, 3\)\): x needs a sample"):
        instance_norm.forward(x.numpy())


@pytest.mark.of_manual
@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 1), (2, 2, 1, 1)])
def test_a_single_value_is_rejected(shape):
    with pytest.raises(ValueError, match=r"instance_norm\(x=.*\): a channel needs more than one value"):
        instance_norm.forward(np.ones(shape))


@pytest.mark.of_manual
def test_missing_statistics_are_rejected():
    with pytest.raises(ValueError, match=r"use_input_stats=False\): running_mean and running_var are needed"):
        instance_norm.forward(np.ones((2, 2, 3)), use_input_stats=False)
