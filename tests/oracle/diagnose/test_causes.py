"""A mistake that is not in the catalogue is described by what its wrong numbers have in common, or not at all."""

import re
from importlib import import_module
from math import prod
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cnn_oracle.call import parse
from cnn_oracle.calls.sampling import DrawnCalls
from cnn_oracle.cases.case import strongest
from cnn_oracle.diagnosis import Cause
from cnn_oracle.manual import batch_norm, conv2d, cross_entropy, linear, relu, tanh
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.subject import Subject
from cnn_oracle.verification import search


def failure_of(op, **replaced):
    right = import_module(f"cnn_oracle.manual.{op}")
    parts = {"forward": right.forward, "backward": right.backward} | replaced
    return search(Subject("it", SimpleNamespace(**{op: SimpleNamespace(**parts)})), OPS[op], 100, 0).failure


def causes_of(op, **replaced):
    return [*failure_of(op, **replaced).diagnosis.causes]


def wrong_y(op, change):
    right = import_module(f"cnn_oracle.manual.{op}")
    return {"forward": lambda *arrays, **options: change(right.forward(*arrays, **options))}


def wrong(op, name, change):
    """A backward with one gradient changed: ``change`` gets the gradient, the arguments and the options."""
    right = import_module(f"cnn_oracle.manual.{op}")
    place = OPS[op].positional.index(name)

    def backward(dy, *arrays, **options):
        gradients = [*right.backward(dy, *arrays, **options)]
        if gradients[place] is not None:
            gradients[place] = change(gradients[place], *arrays, **options)
        return tuple(gradients)

    return {"backward": backward}


def damaged(*place):
    def change(a, *_, **__):
        a = a.copy()
        if a.ndim:
            a[place] *= 2
        return a

    return change


RATIOS = [
    ("conv2d", wrong_y("conv2d", lambda y: 3 * y), "y is 3 times what it should be"),
    ("conv2d", wrong("conv2d", "b", lambda db, *_, **__: -db), "db has the wrong sign"),
    (
        "conv2d", wrong("conv2d", "b", lambda db, x, *_, **__: db * x.shape[1]),
        "db is C times what it should be, where C = x.shape[1]",
    ),
    (
        "conv2d", wrong("conv2d", "w", lambda dw, x, w, b=None, **_: dw / prod(w.shape[2:])),
        "dw is 1/prod(w.shape[2:]) times what it should be",
    ),
    (
        "linear", wrong("linear", "w", lambda dw, x, *_: dw / max(prod(x.shape[:-1]), 1)),
        "dw is 1/N times what it should be, where N = prod(x.shape[:-1])",
    ),
    (
        "avg_pool2d",
        wrong("avg_pool2d", "x", lambda dx, x, *, kernel_size, **_: dx / np.prod(np.broadcast_to(kernel_size, 2))),
        "dx is 1/prod(kernel_size) times what it should be",
    ),
    ("softmax", {"backward": lambda dy, x, *, dim: (dy * x,)}, "dx is dy·x"),
    (
        "batch_norm",
        wrong("batch_norm", "x", lambda dx, x, *_, **__: dx * (x.shape[1] / (x.shape[1] - 1) if x.shape[1] > 1 else 1)),
        "dx is C/(C − 1) times what it should be, where C = x.shape[1]",
    ),
]  # fmt: skip
POSITIONS = [
    ("conv2d", wrong("conv2d", "x", damaged(..., -1)), "dx is wrong only in the last element along axis 3"),
    (
        "conv2d", wrong_y("conv2d", damaged(..., slice(None, None, 2), slice(None))),
        "y is wrong only in every 2nd element, from 0 on, along axis 2",
    ),
    (
        "softmax", wrong_y("softmax", damaged(slice(1, None, 2))),
        "y is wrong only in every 2nd element, from 1 on, along axis 0",
    ),
    ("conv2d", wrong("conv2d", "w", lambda dw, *_, **__: np.flip(dw, 1)), "dw is flipped along axis 1"),
    (
        "conv2d", wrong("conv2d", "x", lambda dx, *_, **__: np.roll(dx, 1, -1)),
        "dx is shifted by 1 along axis 3, towards its end; what leaves it comes in at the other end",
    ),
    (
        "conv2d", wrong("conv2d", "w", lambda dw, *_, **__: dw.swapaxes(0, 1).reshape(dw.shape)),
        "dw is computed with its axes in the order 1, 0, 2, 3, then reshaped; it must be transposed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("op", "replaced", "text"), RATIOS, ids=[text for *_, text in RATIOS])
def test_a_ratio_is_given_in_the_sizes_of_the_call(op, replaced, text):
    assert causes_of(op, **replaced) == [Cause("ratio", text)]


@pytest.mark.parametrize(("op", "replaced", "text"), POSITIONS, ids=[text for *_, text in POSITIONS])
def test_a_position_is_one_on_every_call(op, replaced, text):
    (cause,) = causes_of(op, **replaced)
    assert cause.kind == "position"
    assert cause.text.startswith(text)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (np.sign, "dx is the same for dy and 2·dy: only the signs of dy matter"),
        (np.abs, "dx is the same for dy and −dy: the sign of dy is lost"),
        (lambda dx: np.clip(dx, -2, 2), "dx is not linear in dy"),
    ],
)
def test_a_gradient_that_is_not_linear_in_dy(change, text):
    (cause,) = causes_of("max_pool2d", **wrong("max_pool2d", "x", lambda dx, *_, **__: change(dx)))
    assert cause.kind == "nonlinear in dy"
    assert cause.text.startswith(text)


def test_dy_that_is_not_read():
    backward = lambda dy, x, **options: cross_entropy.backward(3 * np.ones_like(dy), x, **options)  # noqa: E731
    assert causes_of("cross_entropy", backward=backward) == [Cause("nonlinear in dy", "dx does not depend on dy")]


@pytest.mark.parametrize(
    ("forward", "text"),
    [
        (lambda x: np.where(x > 0, x, 0).astype(x.dtype), "y is wrong at x = nan"),
        (lambda x: np.where(x > 0, x, x * 0).astype(x.dtype), "y is wrong at x = −inf"),
    ],
)
def test_the_special_value_to_blame(forward, text):
    assert causes_of("relu", forward=forward) == [Cause("special value", text)]


def test_a_value_at_the_kink():
    backward = lambda dy, x: (np.where(x > 0, dy, np.where(x == 0, dy / 4, 0)).astype(dy.dtype),)  # noqa: E731
    failure = failure_of("relu", backward=backward)
    assert failure.verdict == "CONVENTION"
    (cause,) = failure.diagnosis.causes
    assert cause.kind == "special value"
    assert cause.text.startswith("dx is wrong exactly where x = 0")


def test_a_threshold():
    forward = lambda x: np.where(x > 1, x * 2, x).astype(x.dtype) * (x > 0)  # noqa: E731
    (cause,) = causes_of("relu", forward=forward)
    assert cause.kind == "position"
    assert re.fullmatch(r"y is wrong exactly where x > about [\d.]+; there it is 2 times what it should be", cause.text)


def test_an_option_without_effect():
    def forward(x, *, negative_slope=0.01):
        return np.where(x > 0, x, x * x.dtype.type(0.01))

    text = "y has the values for negative_slope=0.01, the default: it does not use negative_slope"
    assert causes_of("leaky_relu", forward=forward) == [Cause("known mistake", text)]


def test_an_array_that_is_not_read():
    def backward(dy, x, w, b=None):
        dx, dw, db = linear.backward(dy, x, w, b)
        return dx, dw * 0 + dy.sum(), db

    assert Cause("reads another element", "dw does not depend on x") in causes_of("linear", backward=backward)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_lower_precision(dtype):
    forward = lambda x: tanh.forward(x.astype(dtype)).astype(x.dtype)  # noqa: E731
    (cause,) = causes_of("tanh", forward=forward)
    assert cause.kind == "precision"
    assert dtype in cause.text


def test_a_layout():
    """The x of batch_norm is not contiguous on its exact grid."""

    def backward(dy, x, *arrays, **options):
        return batch_norm.backward(dy.ravel("K").reshape(dy.shape), x.ravel("K").reshape(x.shape), *arrays, **options)

    case = strongest(OPS["batch_norm"], parse("batch_norm(x=(2, 2, 2, 2, 2), eps=1.0, training=True)", seed=0))
    assert not case.arrays["x"].flags.c_contiguous
    (cause,) = causes_of("batch_norm", backward=backward)
    assert cause == Cause("layout", "dx is right if x is contiguous")


def test_a_wrong_dependency_of_an_element_is_reported():
    """The last two inputs of a linear layer are exchanged, only in matrices of at least three columns."""

    def forward(x, w, b=None):
        return linear.forward(x[..., [*range(x.shape[-1] - 2), -1, -2]] if x.shape[-1] > 2 and x.ndim == 2 else x, w, b)

    (cause,) = causes_of("linear", forward=forward)
    assert cause.kind == "reads another element"
    assert re.fullmatch(r"y\[0,0\] multiplies x\[0,\d\] by w\[0,\d\]; it should be by w\[0,\d\]", cause.text)


def test_a_constant_that_is_added():
    (cause,) = causes_of("linear", forward=lambda *arrays: linear.forward(*arrays) + 7)
    assert cause.text == "the error of y is c, with one c for each call"


def test_without_three_further_failing_calls_there_is_no_cause():
    """The right number is doubled on a single shape, which one call of a run has."""
    shapes = [sample.call.arguments["x"] for sample in DrawnCalls(100, 0).samples(OPS["relu"])]
    single = next(shape for shape in shapes if shapes.count(shape) == 1 and len(shape) == 4 and max(shape) < 6)

    def forward(x):
        return relu.forward(x) * (2 if x.shape == single else 1)

    def backward(dy, x):
        return relu.backward(dy, x)

    failure = search(
        Subject("it", SimpleNamespace(relu=SimpleNamespace(forward=forward, backward=backward))), OPS["relu"], 100, 0
    ).failure
    assert failure is not None
    assert failure.diagnosis.causes == ()


def test_a_known_mistake_is_named_beside_another():
    """dw is assigned per sample (unlisted), and dx by a known mistake."""
    mistake = load("cnn_oracle.mistakes.conv2d.scatter_overwrites").implementation("conv2d")

    def backward(dy, x, w, b=None, **options):
        dx, dw, db = mistake.backward(dy, x, w, b, **options)
        return dx, np.flip(dw, 0), db

    failure = failure_of("conv2d", backward=backward)
    assert failure.quantity == "dx"
    text = "dx is assigned (=) where windows overlap, not added (+=)"
    assert failure.diagnosis.causes == (Cause("known mistake", text),)


def test_a_known_mistake_that_would_spoil_right_calls_is_not_named():
    """The fan is always fan_in. So it is exchanged for mode="fan_out", and right for mode="fan_in"."""
    right = import_module("cnn_oracle.manual.kaiming_uniform")

    def forward(u, *, a=0.0, mode="fan_in", nonlinearity="leaky_relu"):
        return right.forward(u, a=a, nonlinearity=nonlinearity)

    text = "y has the values for mode='fan_in', the default: it does not use mode"
    assert causes_of("kaiming_uniform", forward=forward) == [Cause("known mistake", text)]


def test_the_map_is_drawn_on_a_call_that_shows_the_pattern():
    failure = failure_of("conv2d", **wrong_y("conv2d", damaged(..., -1)))
    assert failure.outputs["y"].size == 1
    first, *_ = failure.diagnosis.maps
    assert first.quantity == "y"
    assert first.wrong.shape == first.error.shape == first.bound.shape
    assert first.wrong[..., -1].all()
    assert not first.wrong[..., :-1].any()
    assert first.wrong[..., :-1].size > 10


class _Layer(torch.autograd.Function):
    """conv2d whose dx loses the rows that a stride leaves over."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.from_numpy(conv2d.forward(x.detach().numpy(), w.detach().numpy(), stride=2))

    @staticmethod
    def backward(ctx, dy):
        x, w = (a.numpy() for a in ctx.saved_tensors)
        lossy = load("cnn_oracle.mistakes.conv2d.stride_remainder_dropped").implementation("conv2d")
        dx, dw, _ = lossy.backward(dy.numpy(), x, w, stride=2)
        return torch.from_numpy(dx), torch.from_numpy(dw)


def test_what_passes_gradcheck_is_rejected_with_its_cause():
    """On a square image of 5×5 pixels, a stride of 2 leaves no rows over, and gradcheck passes."""
    x, w = (torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((1, 2, 5, 5), (3, 2, 3, 3)))
    assert torch.autograd.gradcheck(_Layer.apply, (x, w))
    failure = search(load("cnn_oracle.mistakes.conv2d.stride_remainder_dropped"), OPS["conv2d"], 100, 0).failure
    assert failure.quantity == "dx"
    assert failure.likely_causes == [m for m in failure.likely_causes if "leaves over" in m] != []
