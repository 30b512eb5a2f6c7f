"""Laws of interpolation."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnn_oracle.manual import interpolate

X = np.array([[[[0.0, 4, 8]]]])


def test_nearest_twice_as_large_repeats_each_element():
    assert interpolate.forward(X, scale_factor=2)[0, 0].tolist() == [[0, 0, 4, 4, 8, 8]] * 2


def test_bilinear_reproduces_a_linear_ramp_with_aligned_corners():
    assert interpolate.forward(X, size=(1, 5), mode="bilinear", align_corners=True)[0, 0].tolist() == [[0, 2, 4, 6, 8]]


def test_bilinear_keeps_the_edges_without_aligned_corners():
    assert interpolate.forward(X, size=(1, 6), mode="bilinear")[0, 0].tolist() == [[0, 1, 3, 5, 7, 8]]


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_the_same_size_is_the_identity(mode):
    assert np.array_equal(interpolate.forward(X, size=(1, 3), mode=mode), X)


@pytest.mark.torch_only("2.13.0")
def test_pytorchs_nearest_element_differs_from_exact_arithmetic_and_between_its_kernels():
    """A finding: for float64 images torch 2.13.0 computes j·n/m in float32, so that 2 → 82 elements is wrong at 41.

    For one-dimensional float64 input its computation is another one, and right. ``manual`` follows that for images.
    """
    row, exact = torch.arange(2.0, dtype=torch.float64), np.arange(82) * 2 // 82
    image, line = (
        F.interpolate(row[None, None, :, None], (82, 1)).flatten(),
        F.interpolate(row[None, None], 82).flatten(),
    )
    assert np.flatnonzero(image.numpy() != exact).tolist() == [41]
    assert np.array_equal(line, exact)
    large = F.interpolate(row.expand(1, 2, 5, 2), (82, 82))  # also an image, but PyTorch chooses another kernel
    assert np.array_equal(large[0, 0, 0], exact)
    assert np.array_equal(interpolate.forward(row[None, None].numpy(), size=82).ravel(), image)


@pytest.mark.torch_only("2.13.0")
@pytest.mark.of_manual
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pytorchs_gradient_of_nearest_matches_its_forward_only_for_images(rank):
    """A finding: 5 elements scaled by 1.05 are 5 elements. In 1D and 3D torch 2.13.0 takes the elements 0 0 1 2 3.

    Its gradient goes to the elements 0 1 2 3 4, which is right only for images.
    """
    shape = (1,) * (1 + rank) + (5,)
    x = torch.arange(5.0, dtype=torch.float64).reshape(shape).requires_grad_()
    factors = (*[1.0] * (rank - 1), 1.05)
    y = F.interpolate(x, scale_factor=factors)
    (dx,) = torch.autograd.grad(y.sum(), x)
    taken = [0, 1, 2, 3, 4] if rank == 2 else [0, 0, 1, 2, 3]
    assert y.flatten().tolist() == taken
    assert dx.flatten().tolist() == [1] * 5
    ours = interpolate.forward(x.detach().numpy(), scale_factor=factors)
    (gradient,) = interpolate.backward(np.ones(shape), x.detach().numpy(), scale_factor=factors)
    assert ours.ravel().tolist() == taken
    assert gradient.ravel().tolist() == np.bincount(taken, minlength=5).tolist()


@pytest.mark.of_manual
@pytest.mark.parametrize("mode", ["bicubic", "area", "nearest-exact", "trilinear"])
def test_unsupported_modes_are_rejected(mode):
    with pytest.raises(ValueError, match=r"interpolate\(x=\(1, 1, 1, 3\), mode='.*'\): mode must be 'nearest' or"):
        interpolate.forward(X, size=2, mode=mode)
