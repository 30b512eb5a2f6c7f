"""Laws of the SGD step."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cnn_oracle.manual import sgd


def run(gradients, **options):
    w, state, path = np.array([0.0]), None, []
    for dw in gradients:
        w, state = sgd.step(w, np.array([float(dw)]), state, **options)
        path.append(float(w[0]))
    return path


@given(
    lr=st.sampled_from([1.0, 0.5, 0.25]), momentum=st.sampled_from([0.0, 0.5, 0.75]), nesterov=st.booleans(),
    dampening=st.sampled_from([0.0, 0.5]), weight_decay=st.sampled_from([0.0, 0.5]), maximize=st.booleans(),
    seed=st.integers(0, 999),
)  # fmt: skip
def test_is_torch_optims_to_the_bit_for_dyadic_hyper_parameters(seed, **options):
    """Four steps with integers and powers of two need at most 53 bits."""
    assume(not options["nesterov"] or (options["momentum"] and not options["dampening"]))
    rng = np.random.default_rng(seed)
    w, dws = rng.integers(-99, 100, 3).astype(float), rng.integers(-99, 100, (4, 3)).astype(float)
    parameter, state = torch.nn.Parameter(torch.from_numpy(w.copy())), None
    optimizer = torch.optim.SGD([parameter], **options)
    for dw in dws:
        parameter.grad = torch.from_numpy(dw.copy())
        optimizer.step()
        w, state = sgd.step(w, dw, state, **options)
        assert np.array_equal(w, parameter.detach())


def test_dampening_spares_the_first_step():
    """g = 1, 2, 3 at β = 0.9 with dampening 0.9, in units that are exact: momentum 1/2, dampening 1/2."""
    assert run([1, 2, 4], lr=1.0, momentum=0.5, dampening=0.5) == [-1, -2.5, -5.25]


def test_nesterov_looks_ahead():
    assert run([1, 1], lr=1.0, momentum=0.5, nesterov=True) == [-1.5, -3.25]


def test_weight_decay_is_the_gradient_of_the_squared_norm():
    w, _ = sgd.step(np.array([8.0]), np.array([0.0]), lr=1.0, weight_decay=0.25)
    assert w == [6]


@pytest.mark.of_manual
def test_nesterov_without_momentum_is_rejected():
    with pytest.raises(ValueError, match=r"sgd\(w=\(1,\), .*\): .*nesterov needs momentum and no dampening"):
        sgd.step(np.ones(1), np.ones(1), nesterov=True)
