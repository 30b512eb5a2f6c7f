"""Laws of every optimiser: sgd, adagrad, rmsprop, adam and adamw."""

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_oracle.calls.shrinking import calls
from cnn_oracle.manual import convnet
from cnn_oracle.ops import OPS
from cnn_oracle.reference import convnet as reference

STEPS = [name for name, op in OPS.items() if op.kind == "step"]
# params, options that select an implementation, and the option that turns Adam into AdamW
EXCLUDED = {"params", "foreach", "fused", "capturable", "differentiable", "decoupled_weight_decay"}


@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=5)
@given(data=st.data(), seed=st.integers(0, 999))
def test_a_small_net_stays_within_rounding_of_torch_optim(name, data, seed):
    """Ten steps of the convolutional network, with drawn hyper-parameters.

    Each side differentiates its own network at its own weights. The test requires 40 of float64's 53 bits. A step of
    η m/(√v + ε) multiplies the error of a gradient by at most η (1/ε + |m|/ε²), below one for ε = ⅛, η = 2⁻⁹.
    """
    drawn = data.draw(calls(OPS[name])).arguments
    options = {k: v for k, v in drawn.items() if k != "w"} | {"lr": 2.0**-9, "eps": 2.0**-3}
    if name == "sgd":
        del options["eps"]
    rng = np.random.default_rng(seed)
    x, target = rng.standard_normal((4, 1, 8, 8)), rng.integers(0, 10, 4)
    ours = convnet.initial((1, 8, 8), 10, rng)
    theirs = {k: torch.tensor(w, requires_grad=True) for k, w in ours.items()}
    states, optimizers = dict.fromkeys(ours), dict.fromkeys(ours)
    for _ in range(10):
        _, gradients = convnet.backward(x, ours, convnet.forward(x, ours), target)
        loss = reference.loss(reference.forward(torch.tensor(x), theirs), torch.tensor(target))
        autograds = dict(zip(theirs, torch.autograd.grad(loss, list(theirs.values())), strict=True))
        for k in ours:
            ours[k], states[k] = OPS[name].manual.step(ours[k], gradients[k], states[k], **options)
            stepped, optimizers[k] = OPS[name].reference.step(
                theirs[k].detach(), autograds[k], optimizers[k], **options
            )
            theirs[k] = stepped.requires_grad_()
    for k, w in ours.items():
        assert np.abs(w - theirs[k].detach().numpy()).max() <= 2.0**-40 * max(np.abs(w).max(), 1), k


@pytest.mark.torch_only("2.13.0")
@pytest.mark.parametrize("name", STEPS)
def test_every_option_of_torch_optim_is_taken_with_its_default(name):
    """Except those in EXCLUDED."""
    (theirs,) = [c for n, c in vars(torch.optim).items() if n.lower() == name]
    defaults = {n: p.default for n, p in inspect.signature(theirs).parameters.items() if n not in EXCLUDED}
    ours = {n: p.default for n, p in OPS[name].parameters.items() if n in OPS[name].options}
    assert ours == defaults


@pytest.mark.parametrize("name", STEPS)
def test_a_zero_gradient_moves_nothing_without_decay(name):
    w = np.array([1.0, -2.0, 0.0])
    options = {"weight_decay": 0.0}
    stepped, _ = OPS[name].manual.step(w, np.zeros(3), **options)
    assert np.array_equal(stepped, w)


@pytest.mark.parametrize("name", STEPS)
def test_a_gradient_of_another_shape_is_rejected(name):
    with pytest.raises(ValueError, match=rf"{name}\(w=\(2,\), dw=\(1,\)\): dw must have w's shape and dtype"):
        OPS[name].manual.step(np.ones(2), np.ones(1))
