"""An unknown mistake is described by what its wrong numbers have in common, or by the inputs that a value reads."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cnn_oracle.manual import avg_pool2d, conv2d, linear
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.subject import Subject
from cnn_oracle.verification import search

RIGHT = {"conv2d": conv2d, "linear": linear, "avg_pool2d": avg_pool2d}


def symptoms(op, **replaced):
    parts = {"forward": RIGHT[op].forward, "backward": RIGHT[op].backward} | replaced
    return search(
        Subject("it", SimpleNamespace(**{op: SimpleNamespace(**parts)})), OPS[op], 100, 0
    ).failure.likely_causes


def wrong_y(change):
    return lambda *arrays, **options: change(conv2d.forward(*arrays, **options))


def wrong(quantity, change):
    """A backward of conv2d whose dx, dw or db is changed."""

    def backward(*arrays, **options):
        gradients = [*conv2d.backward(*arrays, **options)]
        i = ("dx", "dw", "db").index(quantity)
        gradients[i] = None if gradients[i] is None else change(gradients[i])
        return tuple(gradients)

    return backward


def damaged(*place):
    def change(a):
        a = a.copy()
        a[place] += 1
        return a

    return change


@pytest.mark.parametrize(
    ("replaced", "symptom"),
    [
        ({"forward": wrong_y(lambda y: 3 * y)}, "y is 3 times what it should be"),
        ({"backward": wrong("dw", lambda dw: dw / 5)}, "dw is 1/5 times what it should be"),
        ({"backward": wrong("db", lambda db: -db)}, "db has the wrong sign"),
        ({"backward": wrong("dw", lambda dw: np.flip(dw, 1))}, "dw is flipped along axis 1"),
        ({"backward": wrong("dx", damaged(..., -1))}, "dx is wrong only in the last elements along axis 3"),
        (
            {"forward": wrong_y(damaged(..., slice(None, None, 2), slice(None)))},
            "y is wrong only in each 2nd element along axis 2, from 0 on",
        ),
        ({"backward": wrong("dx", lambda dx: np.roll(dx, 1, 2))}, "dx is shifted by one along axis 2"),
    ],
)  # fmt: skip
def test_a_symptom_is_reported(replaced, symptom):
    assert symptoms("conv2d", **replaced) == [symptom]


def test_a_wrong_dependency_of_an_element_is_reported():
    """The last two inputs of a linear layer are exchanged, only in matrices of at least three columns."""

    def forward(x, w, b=None):
        return linear.forward(x[..., [*range(x.shape[-1] - 2), -1, -2]] if x.shape[-1] > 2 and x.ndim == 2 else x, w, b)

    (symptom,) = symptoms("linear", forward=forward)
    assert re.fullmatch(r"y\[0,\d\] reads x\[0,\d\] times \S+; it should be times \S+", symptom)


def test_an_output_without_any_input_is_reported():
    """A constant is added. Only one element shows it, so that no other symptom fits."""
    (symptom,) = symptoms("linear", forward=lambda *arrays: linear.forward(*arrays) + 7)
    assert re.fullmatch(r"y(\[[\d,]*\])? is 7 where x is zero", symptom)


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
