"""Laws of group norm."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.cases.exact_grids import square_numbers
from cnn_oracle.manual import group_norm, instance_norm

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds)
def test_with_a_group_for_each_channel_it_is_instance_norm(seed):
    rng = np.random.default_rng(seed)
    x = square_numbers(rng, (3, 2, 4, 2), (2, 3), 9)
    dy, w, b = (rng.integers(-9, 10, shape).astype(float) for shape in (x.shape, 2, 2))
    assert np.array_equal(group_norm.forward(x, w, b, num_groups=2, eps=1.0), instance_norm.forward(x, w, b, eps=1.0))
    group = group_norm.backward(dy, x, w, b, num_groups=2, eps=1.0)
    assert all(map(np.array_equal, group, instance_norm.backward(dy, x, w, b, eps=1.0)))


@given(seed=seeds)
def test_groups_are_independent(seed):
    x = np.random.default_rng(seed).standard_normal((2, 6, 3))
    y = group_norm.forward(x, num_groups=3)
    for g in (slice(0, 2), slice(2, 4), slice(4, 6)):
        assert np.array_equal(y[:, g], group_norm.forward(x[:, g], num_groups=1))


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_groups_of_a_single_value_pass_if_there_are_two_samples():
    """A finding: torch 2.13.0 counts the batch among a group's values; it rejects the same sample in a batch of one."""
    x, b = np.arange(8.0).reshape(2, 4), np.arange(4.0)
    theirs = F.group_norm(torch.from_numpy(x), 4, None, torch.from_numpy(b))
    assert np.array_equal(group_norm.forward(x, None, b, num_groups=4), theirs)
    assert np.array_equal(theirs, [b, b])
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        F.group_norm(torch.from_numpy(x[:1]), 4)
    with pytest.raises(ValueError, match=r"group_norm\(x=\(1, 4\), num_groups=4\): a group needs more than one value"):
        group_norm.forward(x[:1], num_groups=4)


@pytest.mark.torch_only("2.13.0")
def test_a_bias_without_a_weight_has_a_gradient():
    """A finding: torch 2.13.0 cannot differentiate by such a bias, so the reference passes a weight of ones."""
    b = torch.zeros(4, requires_grad=True)
    y = F.group_norm(torch.ones(2, 4, 3), 2, None, b)
    with pytest.raises(RuntimeError, match="tensor does not have a device"):
        y.sum().backward()
    _, dw, db = group_norm.backward(np.ones((2, 4, 3)), np.ones((2, 4, 3)), None, np.zeros(4), num_groups=2)
    assert dw is None
    assert np.array_equal(db, [6, 6, 6, 6])


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
def test_groups_without_a_value_have_a_weight_gradient_of_zero():
    """A finding: the weight gradient of an input without positions is NaN in torch 2.13.0."""
    x, w = torch.ones(2, 4, 0, requires_grad=True), torch.ones(4, requires_grad=True)
    F.group_norm(x, 2, w).sum().backward()
    assert w.grad.isnan().all()
    _, dw, _ = group_norm.backward(np.ones((2, 4, 0)), np.ones((2, 4, 0)), np.ones(4), num_groups=2)
    assert np.array_equal(dw, [0, 0, 0, 0])


@pytest.mark.of_manual
@pytest.mark.parametrize("num_groups", [3, 0, -1])
def test_groups_that_do_not_divide_the_channels_are_rejected(num_groups):
    with pytest.raises(ValueError, match=r"group_norm\(x=\(2, 4\), num_groups=.*\): num_groups must divide 4 channels"):
        group_norm.forward(np.ones((2, 4)), num_groups=num_groups)
