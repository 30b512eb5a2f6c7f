"""The arbiter: its definitions agree with PyTorch and manual where these are right, and else say who is wrong."""

import random
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cnn_oracle import mistakes
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.cases.case import cases
from cnn_oracle.compare.compare import tolerance
from cnn_oracle.diagnose.diagnose import diagnose
from cnn_oracle.diagnose.exact import DEFINITIONS, exactly
from cnn_oracle.manual import conv2d, softmax
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.subject import Subject
from cnn_oracle.verification import search

RIGHT = {"conv2d": conv2d, "softmax": softmax}


def failure_of(op, **replaced):
    parts = {"forward": RIGHT[op].forward, "backward": RIGHT[op].backward} | replaced
    return search(Subject("it", SimpleNamespace(**{op: SimpleNamespace(**parts)})), OPS[op], 100, 0).failure


@pytest.mark.parametrize("name", DEFINITIONS)
def test_pytorch_computes_what_the_definition_says(name):
    """Bitwise on exact grids, elsewhere within the bound of the op."""
    op, rng, compared = OPS[name], random.Random(0), 0
    for _ in range(20):
        for case in cases(op, random_call(op, rng)):
            y, bounds = case.expected["y"], tolerance(op, case)
            allowed = np.zeros(y.shape) if bounds is None else np.broadcast_to(bounds["y"], y.shape)
            for index in rng.sample(list(np.ndindex(y.shape)), min(3, y.size)):
                value = exactly(op, case, index)
                if value is not None and np.isfinite(y[index]) and np.isfinite(allowed[index]):
                    assert abs(Fraction(float(y[index])) - value) <= Fraction(float(allowed[index]))
                    compared += 1
    assert compared >= 20  # for some calls y is one number, NaN or empty


def test_a_wrong_forward_is_compared_with_the_definition():
    failure = failure_of("conv2d", forward=lambda *arrays, **options: 2 * conv2d.forward(*arrays, **options))
    reason = f"by definition, in exact arithmetic, it is {failure.reference:g}"
    assert failure.who_is_wrong == f"the subject is wrong: {reason}"


def test_a_wrong_backward_is_compared_with_its_own_forward():
    failure = failure_of("softmax", backward=lambda dy, x, *, dim: (dy * softmax.forward(x, dim=dim),))
    assert failure.who_is_wrong.startswith("the subject is wrong: ")
    assert "forward" in failure.who_is_wrong


class _Doubled(torch.autograd.Function):
    """The identity with a doubled gradient."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, dy):
        return 2 * dy

    @staticmethod
    def jvp(ctx, dx):
        return dx.clone()


def test_a_defect_of_pytorch_is_reported_as_one(monkeypatch):
    """With PyTorch's forward or backward wrong, manual is not blamed."""
    right = OPS["conv2d"].reference.forward
    monkeypatch.setattr(OPS["conv2d"].reference, "forward", lambda *arrays, **options: right(*arrays, **options) + 1)
    assert failure_of("conv2d").who_is_wrong.startswith("PyTorch is wrong: by definition, in exact arithmetic, it is ")

    doubled = lambda x, *arrays, **options: right(_Doubled.apply(x), *arrays, **options)  # noqa: E731
    monkeypatch.setattr(OPS["conv2d"].reference, "forward", doubled)
    failure = failure_of("conv2d")
    assert failure.quantity == "dx"
    assert failure.who_is_wrong == f"PyTorch is wrong: both forwards say {failure.subject:g}"


def test_both_may_be_wrong(monkeypatch):
    right = OPS["conv2d"].reference.forward
    monkeypatch.setattr(OPS["conv2d"].reference, "forward", lambda *arrays, **options: right(*arrays, **options) + 1)
    failure = failure_of("conv2d", forward=lambda *arrays, **options: conv2d.forward(*arrays, **options) - 1)
    assert failure.who_is_wrong.startswith("both are wrong: ")


def test_a_convention_is_no_fault_of_either_side():
    failure = search(load("cnn_oracle.mistakes.relu.one_at_the_kink"), OPS["relu"], 100, 0).failure
    assert (
        failure.who_is_wrong
        == "undecided: no independent check applies at a tie, at a nondifferentiable point, or to an optimiser's step"
    )


def test_a_contract_violation_needs_no_arbiter():
    failure = failure_of("softmax", forward=lambda x, *, dim: softmax.forward(x, dim=dim).astype(np.float32))
    assert failure.who_is_wrong is None
    assert "arbiter" not in str(failure)


@pytest.mark.parametrize("name", OPS)
def test_pytorch_is_never_blamed_for_a_known_mistake(name):
    for mistake in mistakes.of(name):
        failure = search(mistake.subject, OPS[name], 100, 0, shrink=False).failure
        failure = diagnose(mistake.subject, OPS[name], failure)
        # a wrong shape needs no arbiter, and it does not cover running statistics
        if " has shape " in failure.what or mistake.replaces == "running_statistics":
            assert failure.who_is_wrong is None
        else:
            assert failure.who_is_wrong.partition(":")[0] in ("the subject is wrong", "undecided")
