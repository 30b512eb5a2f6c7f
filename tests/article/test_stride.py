"""Strided convolution (E3)."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.manual._geometry import output_size
from cnn_oracle.manual.article import stride as manual
from cnn_oracle.manual.article.convolution import cross_correlate, rotated
from cnn_oracle.reference.article import stride as reference

GEOMETRIES = list(product(range(1, 8), range(1, 5), range(3), range(1, 4), range(1, 3)))


@pytest.mark.torch_only("2.13.0")
@pytest.mark.formula("E3")
def test_output_size_is_pytorchs_and_kernels_that_do_not_fit_are_rejected():
    rejected = 0
    for n, f, p, s, d in GEOMETRIES:
        if n + 2 * p > d * (f - 1):
            assert output_size(n + 2 * p, f, s, d) == reference.output_size(n, f, p, s, d)
        else:
            with pytest.raises(RuntimeError, match="Kernel size can't be greater than actual input size"):
                reference.output_size(n, f, p, s, d)
            rejected += 1
    assert rejected


@pytest.mark.formula("E3")
def test_the_printed_output_size_holds_exactly_when_the_filter_fits():
    holds_exactly_on_its_domain(CLAIMS["E3"])


@pytest.mark.formula("E3")
def test_the_rows_that_the_stride_never_reaches_have_no_influence():
    for n, f, p, s, d in GEOMETRIES:
        if d == 1 and n + 2 * p >= f:
            assert manual.unread_rows(n, f, p, s) == reference.unread_rows(n, f, p, s)


@pytest.mark.formula("E3a")
def test_figure_6_number_for_number():
    image, kernel = manual.figure_6()
    printed = [[21, 7, -24], [-1, 30, 12], [7, 25, 18]]
    assert np.array_equal(cross_correlate(image, kernel, stride=2), printed)
    theirs = F.conv2d(torch.from_numpy(image)[None, None], torch.from_numpy(kernel)[None, None], stride=2)
    assert np.array_equal(theirs[0, 0], printed)


@pytest.mark.formula("E3a")
def test_the_kernel_of_figure_6_equals_its_rotation():
    _, kernel = manual.figure_6()
    assert np.array_equal(rotated(kernel), kernel)
