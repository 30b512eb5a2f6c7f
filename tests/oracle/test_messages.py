"""Failure messages: they have the words of docs/verify-your-own-kernel.md and show the smallest call."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

import cnn_oracle as oracle
from cnn_oracle.manual import conv2d, layer_norm, relu, softmax

PAGE = (Path(__file__).parents[2] / "docs/verify-your-own-kernel.md").read_text()
DOCUMENTED = dict(re.findall(r"^\| (\w[^|`]*?) \| `(.*?)` \|$", PAGE.partition("## Failure messages")[2], re.MULTILINE))
rng = np.random.default_rng(0)


def in_place(x):
    x[x < 0] = 0
    return x


def own_input(x):
    return x if (x >= 0).all() else relu.forward(x)


def strideless(x):
    contiguous = np.empty(x.shape, x.dtype).strides
    return relu.forward(np.lib.stride_tricks.as_strided(x, x.shape, contiguous))


def half_written(x):
    y = np.empty_like(x)
    y[x > 0] = x[x > 0]
    return y


def any_channels(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    if x.ndim == 4 and x.shape[1] == 1:  # as np.einsum does
        x = np.repeat(x, w.shape[1] * groups, 1)
    return conv2d.forward(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)


def zero_gradients(dy, x, weight=None, bias=None, *, normalized_shape, eps=1e-5):
    return tuple(None if a is None else np.zeros_like(a) for a in (x, weight, bias))


def in_float32(x):
    with np.errstate(over="ignore"):
        return relu.forward(x.astype(np.float32)).astype(x.dtype)


def nondeterministic(x):
    return relu.forward(x) * x.dtype.type(rng.uniform(2, 3))


def by_the_largest(x, *, dim):
    y = softmax.forward(x, dim=dim)
    return y * (1 + np.finfo(x.dtype).eps) if abs(x).max(initial=0) > 2 else y


SUBJECTS = {
    "writes to an argument": ("relu", in_place, relu.backward),
    "returns the memory of an argument": ("relu", own_input, relu.backward),
    "ignores strides": ("relu", strideless, relu.backward),
    "returns another dtype": ("relu", lambda x: relu.forward(x).astype(np.float32), relu.backward),
    "computes in float32 internally": ("relu", in_float32, relu.backward),
    "does not write a part of its output": ("relu", half_written, relu.backward),
    "returns other numbers in a second run": ("relu", nondeterministic, relu.backward),
    "lets the other rows of a batch change a row": ("softmax", by_the_largest, softmax.backward),
    "accepts what PyTorch rejects": ("conv2d", any_channels, conv2d.backward),
    "returns zeros as gradients": ("softmax", softmax.forward, lambda dy, x, *, dim: (np.zeros_like(x),)),
    "has other options, or other defaults": ("relu", lambda x, slope=0: relu.forward(x), relu.backward),
}  # fmt: skip


def failure_of(op, forward, backward):
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify(op, forward=forward, backward=backward, strict=True)
    return failure.value


@pytest.mark.parametrize("fault", DOCUMENTED)
def test_a_fault_is_reported_in_these_words(fault):
    failure = failure_of(*SUBJECTS[fault])
    words, message = (re.sub(r"\[[\d,]+\]", "", text) for text in (DOCUMENTED[fault], str(failure)))
    assert all(part in message for part in words.split("…")), message


def test_wrong_numbers_are_reported_with_both_sides_the_arbiter_and_the_cause(monkeypatch):
    """The message, verbatim: a change of wording is a change of the interface."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    name = "cnn_oracle.mistakes.conv2d.scatter_overwrites"
    with pytest.raises(oracle.Failure) as failure:
        oracle.verify("conv2d", name)
    call = "conv2d(x=(1, 1, 1, 3), w=(1, 1, 1, 2), b=(1,))"
    assert failure.value.message == (
        "WRONG  dx[0,0,0,1] is wrong   (1 of 3 elements)\n"
        "  subject   36\n"
        "  pytorch   68\n"
        f"  call      {call}\n"
        "  arbiter   the subject is wrong: both forwards say 68\n"
        "  likely cause: dx is assigned (=) where windows overlap, not added (+=)\n"
        f"  reproduce cnn-oracle verify {name} --call '{call}' --seed 0"
    )
    assert str(failure.value).startswith(f"{failure.value.message}\n  map of dx on conv2d(x=(")


def test_every_fault_is_documented():
    assert DOCUMENTED.keys() == SUBJECTS.keys()


@pytest.mark.torch_only("2.13.0")
def test_an_accepted_channel_mismatch_is_reported_with_pytorchs_message():
    what = failure_of("conv2d", any_channels, conv2d.backward).what
    assert re.search(r"forward accepts .* expected input.* to have \d channels, but got 1 channels instead", what)


def test_zero_gradients_of_any_op_are_reported():
    failure = failure_of("layer_norm", layer_norm.forward, zero_gradients)
    assert failure.likely_causes == ["every gradient is zero"]
    assert failure.theorem.__name__ == "backward_is_autograds_gradient"


@pytest.mark.parametrize("seed", range(5))
def test_an_in_place_backward_is_reported_as_a_write_and_not_by_its_effects(seed):
    def backward(dy, x):
        (dx,) = relu.backward(dy, x)
        x *= 2
        return (dx,)

    with pytest.raises(oracle.Failure, match=r"^CONTRACT  mutation: backward writes to its input x\n"):
        oracle.verify("relu", forward=relu.forward, backward=backward, seed=seed)


def test_an_in_place_forward_with_right_values_is_reported_as_a_write(monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert str(failure_of("relu", in_place, relu.backward)) == (
        "CONTRACT  mutation: forward writes to its input x\n"
        "  call      relu(x=())\n"
        '  reproduce oracle.verify("relu", forward=in_place, backward=backward, call="relu(x=())", seed=4)'
    )


def test_replaced_allocation_functions_are_restored():
    before = np.empty, np.empty_like, torch.empty, torch.empty_like, torch.Tensor.new_empty
    oracle.verify("relu", forward=relu.forward, examples=3)
    assert before == (np.empty, np.empty_like, torch.empty, torch.empty_like, torch.Tensor.new_empty)
