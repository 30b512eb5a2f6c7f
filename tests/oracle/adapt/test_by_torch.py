"""Adapters: users' code is checked as it is, right or wrong. JAX and ONNX have their own files."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import cnn_oracle as oracle
from cnn_oracle import adapt
from cnn_oracle.adapt.layers import IMAGES, KERNELS
from cnn_oracle.manual import conv2d, linear, relu
from cnn_oracle.subject import Implementation


def torch_conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, w, b, stride, padding, dilation, groups)


def conv_layer(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    options = (stride, padding, dilation, groups)
    return torch.nn.Conv2d(x.shape[1], w.shape[0], w.shape[2:], *options, bias=b is not None, device="meta")


class Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b=None):
        ctx.save_for_backward(x, w)
        ctx.has_bias = b is not None
        return F.linear(x, w, b)

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        lead = tuple(range(dy.ndim - 1))
        db = dy.sum(lead) if lead else dy  # sum(()) sums over all axes
        return dy @ w, torch.tensordot(dy, x, (lead, lead)), db if ctx.has_bias else None


class Slope(torch.autograd.Function):
    """A Function with setup_context, whose forward has no ctx."""

    @staticmethod
    def forward(x, negative_slope=0.01):
        return torch.where(x > 0, x, negative_slope * x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
        ctx.slope = inputs[1]

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, dy, ctx.slope * dy), None


class Dense:
    """A layer as in from-scratch networks: forward stores x, backward returns dx and stores dw and db."""

    def __init__(self, w, b):
        self.w, self.b = w, b

    def forward(self, x):
        self.x = x
        return linear.forward(x, self.w, self.b)

    def backward(self, dy):
        dx, self.dw, self.db = linear.backward(dy, self.x, self.w, self.b)
        return dx


def dense(x, w, b=None):
    return Dense(w, b)


def nhwc_forward(x, w, b=None, **options):
    return IMAGES[0](conv2d.forward(IMAGES[1](x), KERNELS["HWIO"][1](w), b, **options))


def nhwc_backward(dy, x, w, b=None, **options):
    dx, dw, db = conv2d.backward(IMAGES[1](dy), IMAGES[1](x), KERNELS["HWIO"][1](w), b, **options)
    return IMAGES[0](dx), KERNELS["HWIO"][0](dw), db


NHWC = adapt.nhwc(SimpleNamespace(forward=nhwc_forward, backward=nhwc_backward))


@pytest.mark.parametrize(
    ("op", "subject", "verdict"),
    [
        ("conv2d", adapt.torch_function(torch_conv2d), "EXACT"),
        ("conv2d", adapt.module(conv_layer, w="weight", b="bias"), "EXACT"),
        ("conv2d", NHWC, "EXACT"),
        ("flatten", adapt.torch_function(lambda x, *, start_dim=0, end_dim=-1: x.flatten(start_dim, end_dim)), "EXACT"),
        ("leaky_relu", adapt.torch_function(Slope), "EXACT"),
        ("linear", adapt.torch_function(Linear), "EXACT"),
        ("linear", adapt.layer(dense, w="dw", b="db"), "EXACT"),
        ("softmax", adapt.torch_function(lambda x, *, dim: x.softmax(dim)), "BOUNDED"),
    ],
)
def test_right_code_passes(op, subject, verdict):
    row = oracle.verify(op, subject, examples=25)
    assert (row.verdict, row.unchecked) == (verdict, ())


def half_a_gradient(x, w, b=None):
    return F.linear(x, w.detach() / 2 + w / 2, b)


def through_numpy(x):
    return torch.from_numpy(np.asarray(np.maximum(x.detach().numpy(), 0)))


def strideless(x):
    return x.as_strided(x.shape, torch.zeros(x.shape).stride()).relu()


def mutated(x):
    y = x.relu()
    x.data.mul_(2)
    return y


def forgetful(x, w, b=None):
    layer = Dense(w, b)
    layer.backward = lambda dy: Dense.backward(layer, dy) * 0
    return layer


def mutated_after(x, w, b=None, **options):
    y = nhwc_forward(x, w, b, **options)
    x += 1
    return y


@pytest.mark.parametrize(
    ("op", "subject", "message"),
    [
        ("linear", adapt.torch_function(half_a_gradient), "dw[0,0] = "),
        ("relu", adapt.torch_function(through_numpy), "does not require grad"),
        ("relu", adapt.torch_function(strideless), "depends on memory layout: with gaps y["),
        ("relu", adapt.torch_function(mutated), "forward writes to its input x"),
        ("relu", adapt.torch_function(lambda x: x.clamp(min=0)), "the derivative at 0 is 1; PyTorch's convention is 0"),
        ("linear", adapt.layer(forgetful, w="dw", b="db"), "dx is zero everywhere"),
        ("conv2d", adapt.nhwc(Implementation(mutated_after, nhwc_backward)), "forward writes to its input x"),
    ],
)
def test_wrong_code_is_reported(op, subject, message):
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify(op, subject, examples=50)
    assert message in str(failure.value)


def test_another_signature_is_a_warning():
    row = oracle.verify("relu", adapt.torch_function(lambda x, fast=True: x.relu()), examples=10)
    assert [(one.kind, one.what) for one in row.warnings] == [
        ("signature", "relu.forward takes (x, fast=True), it should take (x)")
    ]


def test_a_module_must_have_the_parameters_of_the_call():
    made = adapt.module(lambda x, w, b=None, **options: torch.nn.Linear(1, 1), w="weight")
    with pytest.raises(ValueError, match=r"Linear has the parameters .'bias', 'weight'., the call gives .'weight'."):
        made.forward(np.ones((1, 1)), np.ones((1, 1)), None)


def test_a_signature_that_cannot_be_read_is_listed_as_unchecked():
    row = oracle.verify("conv2d", adapt.torch_function(F.conv2d), examples=10)
    assert row.unchecked == ("forward's signature", "backward's signature")


def test_kernels_have_the_named_layout():
    w = np.arange(120).reshape(2, 3, 4, 5)
    for name, (there, back) in KERNELS.items():
        order = ["OIHW".index(letter) for letter in name]
        assert np.array_equal(there(w), w.transpose(order))
        assert np.array_equal(back(there(w)), w)
    with pytest.raises(ValueError, match="must be one of HWIO, OHWI, OIHW"):
        adapt.nhwc(NHWC, kernels="IOHW")


class ByDLPack:
    """An array without ``__array__``, like one on another device."""

    def __init__(self, a):
        self.a = np.array(a)

    def __dlpack__(self, **options):
        return self.a.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.a.__dlpack_device__()


class ByArray:
    def __init__(self, a):
        self.a = np.array(a)

    def __array__(self, dtype=None, copy=None):
        return self.a


@pytest.mark.parametrize("wrap", [ByDLPack, ByArray, torch.tensor, lambda a: torch.tensor(a, requires_grad=True) * 1])
def test_outputs_may_be_anything_that_numpy_can_read(wrap):
    backward = lambda dy, x: (wrap(relu.backward(dy, x)[0]),)  # noqa: E731
    assert oracle.verify("relu", forward=lambda x: wrap(relu.forward(x)), backward=backward).verdict == "EXACT"
