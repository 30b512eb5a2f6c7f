"""The suite is itself tested: every known mistake is rejected by the checks that ``manual`` passes, for some seeds."""

import pytest

from cnn_oracle import mistakes, theorems
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.studies import known_mistakes
from cnn_oracle.verification import EXAMPLES, search

CATALOGUE = [mistake for name in OPS for mistake in mistakes.of(name)]
every_mistake = pytest.mark.parametrize("mistake", CATALOGUE, ids=lambda m: f"{m.op}.{m.name}")
# What one file tells of each rank is looked at closely in two dimensions
OTHER_RANKS = [m for m in CATALOGUE if m.op.endswith(("1d", "3d"))]
CLOSELY = [m for m in CATALOGUE if m not in OTHER_RANKS]
each_mistake_once = pytest.mark.parametrize("mistake", CLOSELY, ids=lambda m: f"{m.op}.{m.name}")

# Signatures, dtypes and refusals are as in manual, so only the mathematics can reject a mistake.
MATHEMATICS = {
    "differentiable": (theorems.forward_is_pytorchs, theorems.backward_is_autograds_gradient),
    "step": (theorems.steps_are_pytorchs,),
}
# What to do at a tie or a kink is a convention, of which only PyTorch can tell.
CONVENTIONS = {
    "adaptive_max_pool2d.last_maximum",
    "adaptive_max_pool2d.ties_counted_twice",
    "hardsigmoid.sloping_at_the_kinks",
    "hardswish.parabola_at_the_kinks",
    "l1_loss.one_at_the_kink",
    "leaky_relu.one_at_the_kink",
    "max_pool2d.last_maximum",
    "max_pool2d.ties_counted_twice",
    "prelu.one_at_the_kink",
    "relu.one_at_the_kink",
}
WITNESSES = (theorems.backward_is_the_derivative_of_forward, theorems.backward_is_linear_in_dy)


@pytest.mark.parametrize("name", OPS)
def test_every_op_has_known_mistakes(name):
    assert mistakes.of(name)


@pytest.mark.parametrize("family", ["conv", "conv_transpose", "max_pool", "avg_pool"])
def test_each_rank_has_the_same_known_mistakes(family):
    one, two, three = ([(m.name, m.description) for m in mistakes.of(f"{family}{rank}d")] for rank in (1, 2, 3))
    assert one == two == three


def test_no_two_mistakes_of_an_op_are_called_the_same():
    for name in OPS:
        known = mistakes.of(name)
        assert len({m.name for m in known}) == len({m.description for m in known}) == len(known)


@pytest.mark.parametrize(
    ("mistake", "seed"),
    [(m, seed) for m in CATALOGUE for seed in range(1 if m in OTHER_RANKS else 3)],
    ids=lambda v: v if isinstance(v, int) else f"{v.op}.{v.name}",
)
def test_a_mistake_is_rejected_within_the_default_examples(mistake, seed):
    op = OPS[mistake.op]
    failure = search(mistake.subject, op, EXAMPLES, seed, which=MATHEMATICS[op.kind], shrink=False).failure
    assert failure is not None
    assert failure.verdict is Verdict.WRONG


@pytest.mark.parametrize("name", OPS)
def test_each_mistake_is_named_alone_on_drawn_calls(name):
    """On three of each here; three hundred are asked for docs/generated/mistakes.md."""
    assert known_mistakes.named(OPS[name], 3) == {m.name: (3, 3) for m in mistakes.of(name)}


@each_mistake_once
def test_a_mistake_is_named_by_its_smallest_call(mistake):
    failure = search(mistake.subject, OPS[mistake.op], EXAMPLES, 0).failure
    assert mistake.description in failure.likely_causes


@pytest.mark.parametrize("mistake", [m for m in CLOSELY if m.replaces == "backward"], ids=lambda m: f"{m.op}.{m.name}")
def test_a_wrong_gradient_is_rejected_without_pytorch(mistake):
    """By differences of its own forward, or because it is not linear in dy."""
    failure = search(mistake.subject, OPS[mistake.op], 3 * EXAMPLES, 0, which=WITNESSES, shrink=False).failure
    assert (failure is None) == (f"{mistake.op}.{mistake.name}" in CONVENTIONS)
