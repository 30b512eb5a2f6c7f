"""The rows of a batch: a row has the same bits whatever the others hold."""

from types import SimpleNamespace

import numpy as np
import pytest

from cnn_oracle import survey, theorems
from cnn_oracle.call import parse
from cnn_oracle.calls.sampling import RandomCalls
from cnn_oracle.checks import single_threaded
from cnn_oracle.manual import linear, softmax
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.studies.known_good import fft
from cnn_oracle.subject import Subject, load
from cnn_oracle.theorems.rows import batched, rows_do_not_depend_on_other_rows


def result_of(op, forward, backward):
    subject = Subject("mine", SimpleNamespace(**{op: SimpleNamespace(forward=forward, backward=backward)}))
    (row,) = survey.verify(subject, [op], examples=60)
    return row


def wide(function):
    """The function in float64, or in extended precision, and its result in the dtype of x."""

    def computed(*arrays, **options):
        wider = np.longdouble if arrays[0].dtype == np.float64 else np.float64
        y = function(*(a.astype(wider) for a in arrays), **options)
        return tuple(a.astype(arrays[0].dtype) for a in y) if isinstance(y, tuple) else y.astype(arrays[0].dtype)

    return computed


def of_softmax(x, dim):
    e = np.exp(x - x.max(dim, keepdims=True))
    return e / e.sum(dim, keepdims=True)


def softmax_forward(x, *, dim):
    """A sum in more precision if any number of the array is large: right, and it depends on the other rows."""
    y = softmax.forward(x, dim=dim)
    return wide(of_softmax)(x, dim=dim) if x.size and x.ndim and abs(x).max() > 1.5 else y


def softmax_by_rows(x, *, dim):
    """The same with a decision for each sum."""
    y = softmax.forward(x, dim=dim)
    if not x.size or not x.ndim:
        return y
    return np.where(abs(x).max(dim, keepdims=True) > 1.5, wide(of_softmax)(x, dim=dim), y)


def linear_backward(dy, x, w, b=None):
    """The gradient of x as a product with the rows of dy in reverse order of its terms if a number of dy is large."""
    dx, dw, db = linear.backward(dy, x, w, b)
    return (dy[..., ::-1] @ w[::-1] if x.ndim == 2 and w.size and abs(dy).max(initial=0) > 2 else dx), dw, db


@pytest.mark.parametrize(
    ("op", "forward", "backward", "quantity"),
    [
        ("softmax", softmax_forward, softmax.backward, "y"),
        ("linear", linear.forward, linear_backward, "dx"),
    ],
)
def test_a_row_that_depends_on_other_rows_fails(op, forward, backward, quantity):
    row = result_of(op, forward, backward)
    assert (row.verdict, row.numbers, row.exit) == (Verdict.CONTRACT, OPS[op].verdict, 1)
    assert {one.kind for one in row.contract if one.fails} == {"rows"}
    assert row.failure.theorem is rows_do_not_depend_on_other_rows
    assert f"{quantity}[" in row.failure.what
    assert "changes if the other rows of x hold other numbers" in row.failure.what


def test_a_decision_for_each_row_is_right():
    assert result_of("softmax", softmax_by_rows, softmax.backward).failure is None


@pytest.mark.parametrize("subject", [load("cnn_oracle.studies.known_good.pytorch"), load("manual")])
@pytest.mark.parametrize("op", ["conv2d", "linear", "gelu", "group_norm", "scaled_dot_product_attention", "kl_div"])
def test_rows_of_right_code_do_not_depend_on_others(subject, op):
    with single_threaded():
        for one in RandomCalls(20, 1).samples(OPS[op]):
            rows_do_not_depend_on_other_rows(subject, OPS[op], one.call)


def test_a_fast_algorithm_is_checked_too():
    def forward(x, w, b=None, **options):
        y = fft.conv2d.forward(x, w, b, **options)
        return y if abs(x).max(initial=0) < 2 else y * x.dtype.type(1 + 2 * np.finfo(x.dtype).eps)

    row = result_of("conv2d", forward, fft.conv2d.backward)
    assert (row.numbers, row.verdict) == (Verdict.NORMWISE, Verdict.CONTRACT)
    assert row.failure.kind == "rows"
    assert result_of("conv2d", fft.conv2d.forward, fft.conv2d.backward).failure is None


def test_chance_is_no_dependence():
    rng = np.random.default_rng(0)
    noisy = SimpleNamespace(forward=lambda x: x * rng.choice([1, 1 + 2**-20]), backward=lambda dy, x: (dy,))
    subject = Subject("mine", SimpleNamespace(tanh=noisy))
    for seed in range(20):
        rows_do_not_depend_on_other_rows(subject, OPS["tanh"], parse("tanh(x=(3, 2))", seed))


@pytest.mark.parametrize(
    ("call", "names"),
    [
        ("conv2d(x=(2, 1, 3, 3), w=(1, 1, 2, 2), b=(1,))", ("x",)),
        ("conv2d(x=(1, 1, 3, 3), w=(1, 1, 2, 2))", ()),
        ("linear(x=(3,), w=(3, 3))", ()),
        ("bilinear(x1=(2, 3), x2=(2, 4), w=(2, 3, 4), b=None)", ("x1", "x2")),
        ("softmax(x=(2, 3), dim=1)", ("x",)),
        ("softmax(x=(2, 3), dim=-2)", ()),
        ("batch_norm(x=(2, 3), running_mean=(3,), running_var=(3,))", ("x",)),
        ("batch_norm(x=(2, 3), training=True)", ()),
        ("layer_norm(x=(3, 3), weight=(3,), normalized_shape=(3,))", ("x",)),
        ("layer_norm(x=(3, 3), normalized_shape=(3, 3))", ()),
        ("pad(x=(2, 3), pad=(1, 1), value=2.5)", ("x",)),
        ("pad(x=(2, 3), pad=(1, 1, 0, 1))", ()),
        ("mse_loss(x=(2, 3), target=(2, 3), reduction='none', weight=(2, 3))", ("x", "target", "weight")),
        ("mse_loss(x=(2, 3), target=(2, 3))", ()),
        ("nll_loss(x=(2, 2), target=(2,), weight=(2,), reduction='none')", ("x", "target")),
        ("dropout2d(x=(2, 3, 1), mask=(2, 3))", ("x", "mask")),
        (
            "scaled_dot_product_attention(query=(2, 3, 4), key=(2, 5, 4), value=(2, 5, 4), attn_mask=(2, 3, 5))",
            ("query", "key", "value", "attn_mask"),
        ),
        ("scaled_dot_product_attention(query=(3, 4), key=(3, 4), value=(3, 4))", ()),
        ("embedding(w=(3, 4), indices=(2,))", ()),
        ("sgd(w=(3, 4))", ()),
    ],
)
def test_which_arrays_have_rows(call, names):
    call = parse(call, 0)
    assert batched(OPS[call.op], call) == names


def test_pytorchs_rows_that_interact_are_left_out():
    """A convolution without a batch: its first axis holds the channels, as many as there are filters."""
    call = parse("conv2d(x=(2, 4, 4), w=(2, 2, 2, 2), b=(2,))", 0)
    rows_do_not_depend_on_other_rows(load("cnn_oracle.studies.known_good.pytorch"), OPS["conv2d"], call)


def test_a_reproduce_line_can_name_it():
    assert theorems.look_up("rows_do_not_depend_on_other_rows") is rows_do_not_depend_on_other_rows
    row = result_of("softmax", softmax_forward, softmax.backward)
    subject = Subject("mine", SimpleNamespace(softmax=SimpleNamespace(forward=softmax_forward, backward=None)))
    with pytest.raises(Failure, match="changes if the other rows of x"):
        rows_do_not_depend_on_other_rows(subject, OPS["softmax"], row.failure.call)
