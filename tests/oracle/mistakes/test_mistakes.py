"""The suite itself is tested: the checks that ``manual`` passes reject every known mistake, for some seeds."""

import pytest

from cnn_oracle import mistakes, theorems
from cnn_oracle.ops import OPS
from cnn_oracle.result import Verdict
from cnn_oracle.studies import known_mistakes
from cnn_oracle.verification import EXAMPLES, search

KNOWN = [mistake for name in OPS for mistake in mistakes.of(name)]
every_mistake = pytest.mark.parametrize("mistake", KNOWN, ids=lambda m: f"{m.op}.{m.name}")
# Mistakes of one file for all ranks are checked in full only in two dimensions
OTHER_RANKS = [m for m in KNOWN if m.op.endswith(("1d", "3d"))]
IN_FULL = [m for m in KNOWN if m not in OTHER_RANKS]
each_mistake_once = pytest.mark.parametrize("mistake", IN_FULL, ids=lambda m: f"{m.op}.{m.name}")

# Signatures, dtypes and rejections are as in manual, so only the mathematics can reject a mistake.
MATHEMATICS = {
    "differentiable": (theorems.forward_is_pytorchs, theorems.backward_is_autograds_gradient),
    "step": (theorems.steps_are_pytorchs,),
}
# The result at a tie or a nondifferentiable point is a convention, which only a comparison with PyTorch checks.
CONVENTIONS = {
    "adaptive_max_pool2d.last_maximum",
    "adaptive_max_pool2d.ties_split_evenly",
    "elu.one_at_the_kink",
    "adaptive_max_pool2d.ties_counted_twice",
    "hardsigmoid.sloping_at_the_kinks",
    "hardswish.parabola_at_the_kinks",
    "l1_loss.one_at_the_kink",
    "leaky_relu.mean_at_the_kink",
    "leaky_relu.one_at_the_kink",
    "max_pool1d.ties_split_evenly",
    "max_pool2d.last_maximum",
    "max_pool2d.ties_counted_twice",
    "max_pool2d.ties_split_evenly",
    "max_pool3d.ties_split_evenly",
    "prelu.mean_at_the_kink",
    "prelu.one_at_the_kink",
    "relu.half_at_the_kink",
    "relu.one_at_the_kink",
    "selu.scale_at_the_kink",
}
# An option by which the right gradient is not the derivative
DEFINED_BY_PYTORCH = {"embedding.frequency_ignored"}
NEED_SPECIAL_VALUES = {f"{m.op}.{m.name}" for m in KNOWN if m.needs_special_values}
INDEPENDENT = (theorems.backward_is_the_derivative_of_forward, theorems.backward_is_linear_in_dy)


def _is_convention(mistake):
    """Whether the mistake is a choice at a tie. Such a search is slow: it goes on after the first failure."""
    return f"{mistake.op}.{mistake.name}" in CONVENTIONS


def rejecting(mistake):
    """The theorems of which one rejects the mistake."""
    if mistake.needs_special_values:
        return (theorems.special_values_are_pytorchs,)
    if mistake.replaces == "running_statistics":
        return (theorems.running_statistics_are_pytorchs,)
    return MATHEMATICS[OPS[mistake.op].kind]


@pytest.mark.parametrize("name", OPS)
def test_every_op_has_known_mistakes(name):
    assert mistakes.of(name)


@pytest.mark.parametrize("family", ["conv", "conv_transpose", "max_pool", "avg_pool"])
def test_each_rank_has_the_same_known_mistakes(family):
    one, two, three = ([(m.name, m.description) for m in mistakes.of(f"{family}{rank}d")] for rank in (1, 2, 3))
    assert one == two == three


def test_no_two_mistakes_of_an_op_have_the_same_name():
    for name in OPS:
        known = mistakes.of(name)
        assert len({m.name for m in known}) == len({m.description for m in known}) == len(known)


@pytest.mark.parametrize(
    ("mistake", "seed"),
    [(m, seed) for m in KNOWN for seed in range(1 if m in OTHER_RANKS or _is_convention(m) else 3)],
    ids=lambda v: v if isinstance(v, int) else f"{v.op}.{v.name}",
)
def test_a_mistake_is_rejected_within_the_default_examples(mistake, seed):
    op = OPS[mistake.op]
    failure = search(mistake.subject, op, EXAMPLES, seed, which=rejecting(mistake), shrink=False).failure
    assert failure is not None
    convention = _is_convention(mistake) and mistake.name != "ties_counted_twice"
    verdicts = {Verdict.CONVENTION} if convention else {Verdict.WRONG}
    if mistake.name == "last_maximum":  # without ties in the first failing call, it is wrong for another reason
        verdicts = {Verdict.CONVENTION, Verdict.WRONG}
    assert failure.verdict in verdicts


def test_every_mistake_that_needs_special_values_exists():
    assert NEED_SPECIAL_VALUES == mistakes.ON_SPECIAL_VALUES


def test_a_mistake_with_an_epsilon_is_matched_with_each_of_them():
    (mistake,) = (m for m in mistakes.of("binary_cross_entropy") if m.name == "eps_in_the_logarithm")
    assert len(mistake.others) == len(mistakes.EPSILONS) - 1
    for other in mistake.others:
        failure = search(other.subject, OPS[other.op], EXAMPLES, 0).failure
        assert mistake.description in failure.likely_causes


@pytest.mark.parametrize("name", OPS)
def test_each_mistake_is_uniquely_identified_on_drawn_calls(name):
    """On three calls each here, on three hundred for docs/generated/mistakes.md."""
    assert known_mistakes.named(OPS[name], 3) == {m.name: (3, 3) for m in mistakes.of(name)}


@each_mistake_once
def test_a_mistake_is_named_by_its_smallest_call(mistake):
    failure = search(mistake.subject, OPS[mistake.op], EXAMPLES, 0).failure
    assert mistake.description in failure.likely_causes


@pytest.mark.parametrize("mistake", [m for m in IN_FULL if m.replaces == "backward"], ids=lambda m: f"{m.op}.{m.name}")
def test_a_wrong_gradient_is_rejected_without_pytorch(mistake):
    """By differences of the subject's own forward, or because backward is not linear in dy."""
    failure = search(mistake.subject, OPS[mistake.op], 3 * EXAMPLES, 0, which=INDEPENDENT, shrink=False).failure
    unseen = CONVENTIONS | DEFINED_BY_PYTORCH | NEED_SPECIAL_VALUES
    assert (failure is None) == (f"{mistake.op}.{mistake.name}" in unseen)
