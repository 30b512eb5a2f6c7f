"""A bound is finite: an infinite one accepts anything."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_oracle.call import parse
from cnn_oracle.calls.shrinking import calls
from cnn_oracle.cases.case import draw, with_expected
from cnn_oracle.compare.bounds.softmax import cross_entropy
from cnn_oracle.compare.compare import tolerance
from cnn_oracle.ops import OPS


@pytest.mark.parametrize("name", OPS)
@settings(max_examples=30)
@given(data=st.data(), dtype=st.sampled_from(["float64", "float32"]))
def test_where_the_output_is_finite_so_is_its_bound(name, data, dtype):
    op = OPS[name]
    case = draw(op, data.draw(calls(op)), dtype=dtype)
    for comparison in (op, op.normwise):
        allowed = tolerance(comparison, case) if comparison else {}
        for quantity, expected in case.expected.items():
            if expected is not None and allowed:
                bound = np.broadcast_to(allowed[quantity], expected.shape)
                assert np.isfinite(bound[np.isfinite(expected)]).all(), quantity


@pytest.mark.parametrize("target", ["(1,)", "(1, 2)"])
@pytest.mark.parametrize("spread", [1.0, 100.0, 1e4, 1e300])
def test_cross_entropys_bound_is_small_where_a_probability_underflows(target, spread):
    """The logarithm of exp(−1e4) is −1e4, although exp(−1e4) is 0 in float64. Its bound is a few roundings of it."""
    op, call = OPS["cross_entropy"], parse(f"cross_entropy(x=(1, 2), target={target})", 0)
    case = draw(op, call)
    case.arrays["x"] = np.array([[spread, -spread]])
    case.keywords["target"] = np.array([1] if target == "(1,)" else [[0.25, 0.75]])
    u = 2.0**-53
    assert 0 < cross_entropy(case, u)["y"] < 100 * u * (spread + 1)


def test_some_drawn_logits_underflow():
    """Otherwise the case above would never be drawn."""
    drawn = [draw(OPS["cross_entropy"], parse("cross_entropy(x=(2, 3), target=(2,))", seed)) for seed in range(50)]
    assert 1 <= sum(np.ptp(case.as_float64("x"), 1).max() > 745 for case in drawn) <= 15


def test_a_bound_is_computed_once_for_the_same_numbers_and_anew_for_others():
    op, call = OPS["silu"], parse("silu(x=(3,))", 0)
    case = draw(op, call)
    first = tolerance(op, case)
    assert tolerance(op, draw(op, call)) is first
    larger = tolerance(op, with_expected(op, case, arrays={"x": 4 + abs(case.as_float64("x"))}))
    assert (larger["y"] > first["y"]).all()
    assert tolerance(op, draw(op, parse("silu(x=(3,))", 0))) is not first


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_kl_divs_bound_holds_where_its_terms_cancel_in_any_order(order):
    """dtarget = (log t + 1 − x) dy: PyTorch multiplies each term by dy before it adds them."""
    op, call = OPS["kl_div"], parse("kl_div(x=(200000,), target=(200000,))", 0)
    case = draw(op, call)
    target = case.as_float64("target")
    near = with_expected(op, case, arrays={"x": np.log(target) + 1 + 1e-9, "target": target})
    dl = near.dy / target.size
    terms = [np.log(target) * dl, dl, -near.as_float64("x") * dl]
    dtarget = terms[order[0]] + terms[order[1]] + terms[order[2]]
    error = abs(dtarget - near.expected["dtarget"])
    assert error.max() > 0
    assert (error <= tolerance(op, near)["dtarget"]).all()
