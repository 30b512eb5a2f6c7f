"""Connections cut and parameters shared (E6)."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.manual import conv2d
from cnn_oracle.manual._geometry import output_size
from cnn_oracle.manual.article import connections as manual
from cnn_oracle.ops import OPS
from cnn_oracle.reference.article import connections as reference

OP = OPS["conv2d"]
ungrouped = calls(OP).filter(lambda call: call.arguments.get("groups", 1) == 1 and call.arguments["x"][0])


@pytest.mark.formula("E6")
def test_figure_9_number_for_number():
    entries = manual.tied_entries((1, 3, 3), (1, 1, 2, 2))
    assert entries.size == 36
    assert (entries >= 0).sum() == 16
    assert len(set(entries[entries >= 0].tolist())) == 4
    assert (entries >= 0).sum(0).tolist() == [1, 2, 1, 2, 4, 2, 1, 2, 1]
    jacobian = reference.toeplitz(torch.arange(1.0, 5).reshape(1, 1, 2, 2), (1, 3, 3))
    assert np.array_equal(jacobian, entries + 1)


@pytest.mark.formula("E6")
@given(call=ungrouped)
def test_a_layer_is_a_matrix_of_tied_entries(call):
    """The matrix is the convolution, its transpose the input gradient. PyTorch's Jacobian has the same entries."""
    case = draw(OP, call, integers)
    x, w = case.arrays["x"], case.arrays["w"]
    options = {"stride": 1, "padding": 0, "dilation": 1} | {n: v for n, v in case.keywords.items() if n != "groups"}
    matrix = manual.toeplitz(w, x.shape[1:], **options)
    y = conv2d.forward(x, w, **options)
    assert np.array_equal(matrix @ x[0].ravel(), y[0].ravel())
    assert np.array_equal(case.dy[0].ravel() @ matrix, case.expected["dx"][0].ravel())
    if matrix.size < 20_000 and options["padding"] != "same":
        assert np.array_equal(matrix, reference.toeplitz(torch.from_numpy(w), x.shape[1:], **options))


@pytest.mark.formula("E6")
def test_the_matrix_is_toeplitz():
    """Without padding an entry depends only on the input's offset from the window's corner."""
    n, f, s = 6, 3, 2
    size = output_size(n, f, s, 1)
    entries = manual.tied_entries((1, n, n), (1, 1, f, f), stride=s).reshape(size, size, n, n)
    first = entries[0, 0]
    for p, q, i, j in product(range(size), range(size), range(n), range(n)):
        i0, j0 = i - p * s, j - q * s
        assert entries[p, q, i, j] == (first[i0, j0] if i0 >= 0 and j0 >= 0 else -1)


@pytest.mark.formula("E6")
def test_connections_are_counted_by_the_nonzeros_of_the_jacobian():
    """The printed n_out² n_f f² n_c holds exactly without padding: a tap on padding is no connection."""
    seen = set()
    for n, f, p, s in product(range(1, 6), range(1, 4), range(3), range(1, 4)):
        if n + 2 * p >= f:
            ones = torch.ones(2, 3, f, f, dtype=torch.float64)
            nonzeros = int((reference.toeplitz(ones, (3, n, n), stride=s, padding=p) != 0).sum())
            assert manual.connections(n, f, 3, 2, p, s) == nonzeros
            all_taps = output_size(n + 2 * p, f, s, 1) ** 2 * 2 * f * f * 3
            assert (nonzeros == all_taps) == (p == 0)
            seen.add(p == 0)
    assert seen == {True, False}


@pytest.mark.formula("E6")
@given(n=st.integers(1, 60), f=st.integers(1, 7), n_c=st.integers(1, 64), n_f=st.integers(1, 64))
def test_parameters_do_not_depend_on_the_size_of_the_image(n, f, n_c, n_f):
    assert manual.parameters(f, n_c, n_f) == reference.parameters(f, n_c, n_f)
    assert manual.dense_parameters(n * n * n_c, n_f) == reference.dense_parameters(n * n * n_c, n_f)


@pytest.mark.formula("E6")
def test_320_parameters_do_the_work_of_16_981_120():
    outputs = output_size(28, 3, 1, 1) ** 2 * 32
    assert manual.parameters(3, 1, 32) == 320
    assert manual.dense_parameters(28 * 28, outputs) == reference.dense_parameters(28 * 28, outputs) == 16_981_120


@pytest.mark.formula("E6a")
def test_a_weight_affects_every_output_exactly_when_there_is_one_filter_and_no_padding():
    holds_exactly_on_its_domain(CLAIMS["E6a"])


@pytest.mark.formula("E6a")
def test_what_a_weight_affects_is_the_jacobians_structure():
    for n, f, p, s, o in product(range(1, 5), range(1, 4), range(3), range(1, 3), range(1, 3)):
        if n + 2 * p >= f:
            shapes = (2, n, n), (o, 2, f, f)
            ours = manual.affected(*shapes, stride=s, padding=p)
            assert np.array_equal(ours, reference.affected(*shapes, stride=s, padding=p))


@pytest.mark.formula("E6a")
def test_without_padding_a_weight_affects_all_of_its_own_channel_and_nothing_else():
    ours = manual.affected((2, 4, 5), (3, 2, 2, 3)).reshape(3, 12, 3, -1)
    for o, channel in product(range(3), range(3)):
        assert ours[o, :, channel].all() == ours[o, :, channel].any() == (o == channel)
