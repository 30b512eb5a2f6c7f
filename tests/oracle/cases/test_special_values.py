"""Special values in combinations of arrays or halves. Those of activations and losses are a theorem."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cnn_oracle.call import Call, parse
from cnn_oracle.cases import case as cases
from cnn_oracle.cases.special_values import NAN, SPECIAL_VALUES
from cnn_oracle.compare import compare
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure
from cnn_oracle.run.subject import run_all
from cnn_oracle.subject import Implementation, Subject
from cnn_oracle.theorems import special_values_are_pytorchs


def agree(subject, name, dy, **arrays):
    """Asserts that the subject's outputs are PyTorch's and that it does not warn."""
    if subject.implementation(name) is None:
        pytest.skip(f"{subject.name} does not cover {name}")
    call = Call(name, {n: a.shape for n, a in arrays.items()}, 0)
    case = cases.with_expected(OPS[name], cases.draw(OPS[name], call), arrays=arrays, dy=dy)
    with warnings.catch_warnings(action="ignore"):  # warnings of the bound do not matter
        allowed = compare.tolerance(OPS[name], case)
    # where a formula is infinite or NaN, so is its bound; only PyTorch's own value is right there
    bounds = {q: np.where(np.isfinite(a), a, 0) for q, a in allowed.items()}
    compare.compare(case, run_all(subject, OPS[name], case), bounds)


@pytest.mark.parametrize("w", [0.25, -2.0, 0.0])
def test_prelu_is_pytorchs_at_special_values(subject, w):
    finite = SPECIAL_VALUES[
        np.isfinite(SPECIAL_VALUES)
    ]  # with an infinite x, dw is infinite or NaN, depending on the order of its sum
    agree(subject, "prelu", np.linspace(0.5, 2.5, finite.size), x=finite, w=np.array([w]))


def test_glu_is_pytorchs_at_special_values(subject):
    x = np.array([(a, b) for a in SPECIAL_VALUES for b in SPECIAL_VALUES])
    agree(subject, "glu", np.ones((len(x), 1)), x=x)


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("name", ["elu", "selu", "hardswish"])
def test_pytorchs_gradient_at_nan_depends_on_the_size(name):
    """NaN in full vectors of the processor, a number in the rest that does not fill a vector. Ours is NaN."""

    def gradient(n):
        x = torch.full((n,), NAN, dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(OPS[name].reference.forward(x).sum(), x)[0]

    assert np.isnan(OPS[name].manual.backward(np.ones(1), np.array([NAN]))[0]).all()
    assert {bool(g.isnan().any()) for g in (gradient(1), gradient(64))} == {False, True}


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("name", ["elu", "selu", "hardswish"])
def test_any_answer_that_pytorch_gives_at_some_length_is_right(name):
    op, manual = OPS[name], OPS[name].manual

    def at_nan(slope):
        def backward(dy, x):
            return (np.where(np.isnan(x), dy * slope, manual.backward(dy, x)[0]),)

        return Subject("it", SimpleNamespace(**{name: Implementation(manual.forward, backward)}))

    x = torch.tensor(NAN, dtype=torch.float64, requires_grad=True)
    (alone,) = torch.autograd.grad(op.reference.forward(x), x)
    call = parse(f"{name}(x=(2,))", 0)
    for slope in (NAN, float(alone)):
        special_values_are_pytorchs(at_nan(slope), op, call)
    with pytest.raises(Failure, match="on special values PyTorch says nan"):
        special_values_are_pytorchs(at_nan(0.25), op, call)
