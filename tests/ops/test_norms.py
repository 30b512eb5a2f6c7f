"""Laws of every normalisation that subtracts a mean: batch, instance, layer and group norm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_oracle.call import Call
from cnn_oracle.cases.case import draw, with_expected
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.manual import _normalise
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.result import Failure
from cnn_oracle.run.subject import run_all

OPTIONS = {
    "batch_norm": {"training": True, "running_mean": (6,), "running_var": (6,)},
    "instance_norm": {},
    "layer_norm": {"normalized_shape": (5, 3)},
    "group_norm": {"num_groups": 2},
}
every_op = pytest.mark.parametrize("name", OPTIONS)


def far(name, seed, dtype="float64", offset=1e6):
    """A drawn case with an offset far from zero and PyTorch's outputs, and the allowed difference of each output."""
    w = (5, 3) if name == "layer_norm" else (6,)
    op, call = OPS[name], Call(name, {"x": (4, 6, 5, 3), "weight": w, "bias": w, **OPTIONS[name]}, seed)
    case = draw(op, call, dtype=dtype)
    x = np.random.default_rng(seed).standard_normal((4, 6, 5, 3)) + offset  # a drawn x can itself have a large offset
    case = with_expected(op, case, arrays=case.arrays | {"x": x.astype(dtype)})
    return case, tolerance(op, case)


@every_op
@pytest.mark.parametrize(("dtype", "offset"), [("float64", 1e6), ("float32", 1e3)])
@given(seed=st.integers(0, 999))
def test_a_huge_offset_stays_within_its_bound(name, dtype, offset, seed):
    """In float32 the offset is 10³: at 10⁶ x − m has 1–2 digits, the bound is infinite and the check vacuous."""
    case, allowed = far(name, seed, dtype, offset)
    assert np.isfinite(allowed["dx"]).all()
    compare(case, run_all(load("manual"), OPS[name], case), allowed)


def one_pass(x, axes, eps, centred, out=None):
    """The variance as Σx²/n − m² instead of Σ(x − m)²/n."""
    m, square = x.mean(axes, keepdims=True), (x * x).mean(axes, keepdims=True)
    s = 1 / np.sqrt(np.maximum(square - m * m, 0) + eps)
    return np.multiply(x - m, s, out=out), s


@every_op
def test_the_variance_of_one_pass_is_beyond_the_bound(name, monkeypatch):
    """Squares of 10¹² leave an error of 1e−4 in the variance. Near zero one pass is accurate enough."""
    case, allowed = far(name, 0)
    with monkeypatch.context() as patch:
        patch.setattr(_normalise, "_standardise", one_pass)
        near, close = far(name, 0, offset=0.0)
        compare(near, run_all(load("manual"), OPS[name], near), close)
        with pytest.raises(Failure, match="is wrong"):
            compare(case, run_all(load("manual"), OPS[name], case), allowed)


@every_op
def test_the_bound_grows_only_with_the_offset(name):
    """In float64 it allows 1e−12 near zero, and grows only with the offset."""
    near, away = (far(name, 0, offset=offset)[1] for offset in (0.0, 1e6))
    assert max(near["y"].max(), near["dx"].max()) < 1e-12
    assert max(away["y"].max(), away["dx"].max()) < 1e-12 * 1e6
