"""Backpropagation through a convolutional layer (E7 to E11)."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_oracle.article.claims import CLAIMS
from cnn_oracle.article.printed import holds_exactly_on_its_domain
from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw
from cnn_oracle.cases.exact_grids import integers
from cnn_oracle.manual import conv2d, relu, softmax
from cnn_oracle.manual._geometry import output_size
from cnn_oracle.manual.article import backward as manual
from cnn_oracle.manual.article.convolution import parity, rotated
from cnn_oracle.ops import OPS
from cnn_oracle.reference.article import backward as reference

OP = OPS["conv2d"]
ungrouped = calls(OP).filter(lambda call: call.arguments.get("groups", 1) == 1)
axes = st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2), st.integers(1, 3), st.integers(1, 2))


def small(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.integers(-9, 10, shape).astype(float) for shape in shapes]


def tensors(*arrays):
    return [torch.from_numpy(np.ascontiguousarray(a)) for a in arrays]


def convolution(call):
    """dy, x, w, the options, and PyTorch's gradients, on the integer grid."""
    case = draw(OP, call, integers)
    options = {n: v for n, v in case.keywords.items() if n in ("stride", "padding", "dilation")}
    return case.dy, case.arrays["x"], case.arrays["w"], options, case.expected


@pytest.mark.formula("E7")
@given(f=st.integers(1, 3), rest=st.integers(0, 3), p=st.integers(0, 3), s=st.integers(1, 3), seed=st.integers(0, 99))
def test_a_layers_gradients_are_autograds_and_have_their_inputs_shapes(f, rest, p, s, seed):
    a, w, b = small(seed, (2, 3, f + rest, f + rest + 1), (4, 3, f, f), (4,))
    (da,) = small(seed + 1, conv2d.forward(a, w, b, stride=s, padding=p).shape)
    ours = manual.layer_backward(da, a, w, b, stride=s, padding=p)
    theirs = reference.layer_backward(*tensors(da, a, w, b), stride=s, padding=p)
    for mine, their, argument in zip(ours, theirs, (a, w, b), strict=True):
        assert mine.shape == argument.shape
        assert np.array_equal(mine, their)


@pytest.mark.formula("E7")
def test_a_mean_divides_every_gradient_alike():
    """The factor 1/N of the loss enters through dA and scales every gradient. No layer depends on it."""
    a, w, b = small(0, (4, 1, 3, 3), (2, 1, 2, 2), (2,))
    (da,) = small(1, (4, 2, 2, 2))
    for of_sum, of_mean in zip(*(manual.layer_backward(d, a, w, b) for d in (da, da / 4)), strict=True):
        assert np.array_equal(of_mean, of_sum / 4)


@pytest.mark.formula("E8")
def test_the_star_is_a_product_for_relu_whose_slope_at_0_is_0():
    z, da = np.array([-2.0, -0.0, 0.0, 3.0]), np.array([5.0, 7, 11, 13])
    leaf = torch.from_numpy(z).requires_grad_()
    (theirs,) = torch.autograd.grad(torch.relu(leaf), leaf, torch.from_numpy(da))
    assert np.array_equal(manual.elementwise_as_printed(da, (z > 0).astype(float)), theirs)
    assert np.array_equal(relu.backward(da, z)[0], theirs)


@pytest.mark.formula("E8")
def test_the_star_is_a_product_exactly_for_elementwise_activations():
    holds_exactly_on_its_domain(CLAIMS["E8"])


@pytest.mark.formula("E8")
def test_softmax_needs_its_whole_jacobian():
    z, da = small(0, (1, 4), (1, 4))
    a = softmax.forward(z, dim=1)[0]
    jacobian = np.diag(a) - np.outer(a, a)
    leaf = torch.from_numpy(z).requires_grad_()
    (theirs,) = torch.autograd.grad(torch.softmax(leaf, 1), leaf, torch.from_numpy(da))
    # a ≤ 1 comes from exp (4 ulp), a sum of four and a quotient; then products with da, and sums of four again
    allowed = 32 * 2.0**-53 * np.abs(da).sum()
    assert (np.abs(da @ jacobian - theirs.numpy()) <= allowed).all()
    diagonal = da @ np.diag(np.diag(jacobian))
    assert (np.abs(manual.elementwise_as_printed(da, a * (1 - a)) - diagonal) <= allowed).all()


@pytest.mark.formula("E9")
@given(call=ungrouped)
def test_the_gradient_by_the_input_is_a_full_convolution_of_the_dilated_cotangent(call):
    dy, x, w, options, expected = convolution(call)
    assert np.array_equal(manual.full_convolution(dy, x.shape, w, **options), expected["dx"])


@pytest.mark.formula("E9")
@given(rows=axes, columns=axes, seed=st.integers(0, 99))
def test_the_gradient_by_the_input_is_a_transposed_convolution_with_output_padding(rows, columns, seed):
    (n, f, p, s, d) = zip(rows, columns, strict=True)
    size = tuple(output_size(n1 + 2 * p1, f1, s1, d1) for n1, f1, p1, s1, d1 in (rows, columns))
    assume(min(size) > 0)
    dy, x, w = small(seed, (2, 3, *size), (2, 2, *n), (3, 2, *f))
    dx, _, _ = reference.gradients(*tensors(dy, x, w), stride=s, padding=p, dilation=d)
    (dy_t, w_t) = tensors(dy, w)
    assert torch.equal(reference.transposed(dy_t, x.shape, w_t, stride=s, padding=p, dilation=d), dx)
    assert np.array_equal(manual.full_convolution(dy, x.shape, w, stride=s, padding=p, dilation=d), dx)


@pytest.mark.formula("E9")
def test_full_convolution_is_the_gradient_exactly_without_padding_for_stride_1_or_one_window():
    holds_exactly_on_its_domain(CLAIMS["E9"])


@pytest.mark.formula("E9")
@given(rows=axes, columns=axes, seed=st.integers(0, 99))
def test_the_domain_of_full_convolution_is_a_matter_of_each_axis(rows, columns, seed):
    (n, f, p, s, d) = zip(rows, columns, strict=True)
    size = tuple(output_size(n1 + 2 * p1, f1, s1, d1) for n1, f1, p1, s1, d1 in (rows, columns))
    assume(min(size) > 0)
    dy, w = (np.abs(a) + 1 for a in small(seed, (1, 2, *size), (2, 1, *f)))
    printed = manual.full_convolution_as_printed(dy, w)
    expected = conv2d.input_gradient(dy, (1, 1, *n), w, stride=s, padding=p, dilation=d)
    assert np.array_equal(printed, expected) == all(
        manual.full_convolution_holds_when(*axis) for axis in (rows, columns)
    )


@pytest.mark.formula("E9")
def test_full_convolution_is_the_gradient_only_because_the_forward_is_cross_correlation():
    """If the forward were true convolution, with a rotated kernel, W itself would be right: two rotations cancel."""
    dy, x = small(0, (1, 1, 2, 2), (1, 1, 3, 3))
    rotation_matters = set()
    for entries in product((-1, 0, 1), repeat=4):
        w = np.array(entries, float).reshape(1, 1, 2, 2)
        dx, _, _ = reference.gradients(*tensors(dy, x, rotated(w)))  # of true convolution by w
        assert np.array_equal(manual.full_convolution_as_printed(dy, rotated(w)), dx)
        assert np.array_equal(manual.full_convolution_as_printed(dy, w), dx) == (parity(w) == 1)
        rotation_matters.add(parity(w) != 1)
    assert rotation_matters == {True, False}


@pytest.mark.formula("E9a")
@given(call=ungrouped)
def test_the_gradient_by_the_input_adds_w_times_dy_to_each_window(call):
    dy, x, w, options, expected = convolution(call)
    assert np.array_equal(manual.scatter(dy, x.shape, w, **options), expected["dx"])


@pytest.mark.formula("E9a")
def test_without_its_slice_the_sum_is_the_gradient_exactly_for_one_window_as_large_as_the_image():
    holds_exactly_on_its_domain(CLAIMS["E9a"])


@pytest.mark.formula("E9", "E9a")
def test_the_scatter_form_needs_no_rotation_and_the_full_convolution_does():
    (dy,) = small(0, (1, 1, 2, 2))
    for entries in product((-1, 0, 1), repeat=4):
        w, x_shape = np.array(entries, float).reshape(1, 1, 2, 2), (1, 1, 3, 3)
        dx = conv2d.input_gradient(dy, x_shape, w)
        assert np.array_equal(manual.scatter(dy, x_shape, w), dx)
        assert np.array_equal(manual.full_convolution_as_printed(dy, w), dx)
        assert np.array_equal(manual.scatter(dy, x_shape, rotated(w)), dx) == (parity(w) == 1)
        assert np.array_equal(manual.full_convolution_as_printed(dy, rotated(w)), dx) == (parity(w) == 1)


@pytest.mark.formula("E10")
@given(call=ungrouped)
def test_the_gradient_by_the_filters_is_a_convolution_of_the_input_by_the_dilated_cotangent(call):
    dy, x, w, options, expected = convolution(call)
    dw = manual.weight_gradient(dy, x, w.shape, **options)
    assert np.array_equal(dw, expected["dw"])
    assert np.array_equal(dw, conv2d.weight_gradient(dy, x, w.shape, **options))


@pytest.mark.formula("E11")
@given(call=ungrouped)
def test_the_gradient_by_the_bias_is_the_sum_of_the_cotangent(call):
    dy, x, w, options, expected = convolution(call)
    db = manual.bias_gradient(dy)
    if expected["db"] is not None:
        assert np.array_equal(db, expected["db"])
    if options.get("padding") != "same":
        assert np.array_equal(db, reference.gradients(*tensors(dy, x, w), **options)[2])
