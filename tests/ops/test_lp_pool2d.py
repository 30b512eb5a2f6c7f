"""Laws of power-average pooling."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnn_oracle.manual import avg_pool2d, lp_pool2d

X = np.arange(9.0).reshape(1, 1, 3, 3)


def test_norm_one_is_the_sum():
    sums = avg_pool2d.forward(X, kernel_size=2, stride=1, divisor_override=1)
    assert np.array_equal(lp_pool2d.forward(X, norm_type=1.0, kernel_size=2, stride=1), sums)


def test_a_window_of_zeros_has_no_gradient():
    x = np.zeros((1, 1, 2, 2))
    assert (lp_pool2d.backward(np.ones((1, 1, 1, 1)), x, norm_type=2.0, kernel_size=2)[0] == 0).all()
    t = torch.zeros(1, 1, 2, 2, dtype=torch.float64, requires_grad=True)
    assert (torch.autograd.grad(F.lp_pool2d(t, 2.0, 2), t, torch.ones(1, 1, 1, 1))[0] == 0).all()


def test_a_negative_sum_has_no_root_and_is_nan_as_in_pytorch():
    assert np.isnan(lp_pool2d.forward(-1 - X, norm_type=3.0, kernel_size=3)).all()
    assert torch.isnan(F.lp_pool2d(torch.from_numpy(-1 - X), 3.0, 3)).all()


@pytest.mark.torch_only("2.13.0")
def test_pytorch_scales_a_partial_window_up_to_a_whole_one():
    """A finding: ceil_mode's corner window has one element, 1, so its norm is 1; torch 2.13.0 returns 2, as we do."""
    options = {"norm_type": 2.0, "kernel_size": 2, "stride": 2, "ceil_mode": True}
    assert F.lp_pool2d(torch.ones(1, 1, 3, 3), **options).flatten().tolist() == [2, 2, 2, 2]
    assert lp_pool2d.forward(np.ones((1, 1, 3, 3)), **options).ravel().tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize("norm_type", [-1.0, -2.0, -0.5, 0.5])
def test_elements_beyond_the_image_do_not_count_as_zeros(norm_type):
    """With zeros, ceil_mode's last windows would be 0 for a negative norm: 0 ** −1 is ∞, and its root is 0."""
    options = {"norm_type": norm_type, "kernel_size": 2, "stride": 2, "ceil_mode": True}
    x = torch.ones(1, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    y = F.lp_pool2d(x, **options)
    assert np.array_equal(lp_pool2d.forward(np.ones((1, 1, 3, 3)), **options), y.detach())
    (dx,) = torch.autograd.grad(y, x, torch.ones_like(y))
    assert np.array_equal(lp_pool2d.backward(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)), **options)[0], dx)


@pytest.mark.of_manual
@pytest.mark.parametrize("norm_type", [0, np.inf])
def test_norm_types_0_and_infinity_are_rejected(norm_type):
    with pytest.raises(
        ValueError, match=r"lp_pool2d\(x=\(1, 1, 3, 3\), norm_type=.*\): norm_type must be a finite number"
    ):
        lp_pool2d.forward(X, norm_type=norm_type, kernel_size=2)
