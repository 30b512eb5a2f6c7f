"""Digital photos (E0)."""

import numpy as np
import pytest
import torch

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.compare.bounds.rounding import gamma
from cnn_oracle.manual.article import images as manual
from cnn_oracle.reference.article import images as reference

PHOTOS = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), np.uint8)


@pytest.mark.formula("E0")
@pytest.mark.parametrize(("dtype", "torch_dtype"), [(np.float32, torch.float32), (np.float64, torch.float64)])
def test_images_become_floats_with_channels_first(dtype, torch_dtype):
    x = manual.to_nchw(PHOTOS, dtype)
    assert x.dtype == dtype
    assert np.array_equal(x, reference.to_nchw(torch.from_numpy(PHOTOS), torch_dtype))
    assert np.array_equal(manual.to_nchw(PHOTOS[..., 0]), x[:, :1])


@pytest.mark.formula("E0")
def test_gray_is_a_convolution_by_one_pixel():
    x = manual.to_nchw(PHOTOS)
    y = manual.gray(x)
    assert (np.abs(y - reference.gray(torch.from_numpy(x)).numpy()) <= 2 * gamma(3, 2**-53) * y).all()


@pytest.mark.torch_only("2.13.0")
@pytest.mark.formula("E0")
def test_sums_of_bytes_overflow():
    """200 + 100 is 44 and the sum of nine 255s is 247, in NumPy 2.4.6 and torch 2.13.0 on CPU."""
    pair, nine = np.array([[[[200, 100]]]]), np.full((1, 1, 3, 3), 255)
    for x, y in ((pair, 44), (nine, 247)):
        w = np.ones_like(x)
        assert manual.convolve_bytes_as_printed(x, w).item() == y
        assert reference.convolve_bytes(torch.from_numpy(x), torch.from_numpy(w)).item() == y


@pytest.mark.torch_only("2.13.0")
@pytest.mark.formula("E0")
def test_bytes_wrap_as_in_pytorch():
    rng = np.random.default_rng(1)
    x, w = rng.integers(0, 256, (2, 3, 6, 5)), rng.integers(0, 256, (4, 3, 3, 2))
    y = manual.convolve_bytes_as_printed(x, w)
    assert y.dtype == np.uint8
    assert np.array_equal(y, reference.convolve_bytes(torch.from_numpy(x), torch.from_numpy(w)))


@pytest.mark.formula("E0")
def test_bytes_can_be_convolved_exactly_while_no_sum_exceeds_255():
    holds_exactly_on_its_domain(CLAIMS["E0"])


@pytest.mark.formula("E0")
def test_bytes_are_rejected_where_they_would_wrap():
    with pytest.raises(ValueError, match=r"^gray\(x=\(2, 3, 5, 4\), dtype=dtype\('uint8'\)\): x must be"):
        manual.gray(PHOTOS.transpose(0, 3, 1, 2))
    with pytest.raises(ValueError, match="images must be bytes"):
        manual.to_nchw(PHOTOS / 255)
