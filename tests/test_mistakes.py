"""The suite is itself tested: every known mistake is rejected by the checks that ``manual`` passes, for ten seeds."""

import pytest

from oracle import mistakes, theorems
from oracle.judge import EXAMPLES, search
from oracle.ops import OPS
from oracle.verdicts import Verdict

CATALOGUE = [mistake for name in OPS for mistake in mistakes.of(name)]
every_mistake = pytest.mark.parametrize("mistake", CATALOGUE, ids=lambda m: f"{m.op}.{m.name}")

# Signatures, dtypes and refusals are as in manual, so only the mathematics can reject a mistake.
MATHEMATICS = {
    "differentiable": (theorems.forward_is_pytorchs, theorems.backward_is_autograds_gradient),
    "step": (theorems.steps_are_pytorchs,),
}
# What to do at a tie or a kink is a convention, of which only PyTorch can tell.
CONVENTIONS = {
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


FAMILIES = {
    "convolution": ("conv2d", "linear"),
    "pooling": ("max_pool2d", "avg_pool2d"),
    "activation": ("relu", "leaky_relu", "gelu", "softmax", "log_softmax"),
    "normalisation": ("batch_norm", "layer_norm"),
    "loss": ("nll_loss", "cross_entropy", "mse_loss"),
    "step": ("sgd", "rmsprop", "adam"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_ops_has_at_least_three_known_mistakes(family):
    assert sum(mistake.op in FAMILIES[family] for mistake in CATALOGUE) >= 3


@every_mistake
@pytest.mark.parametrize("seed", range(10))
def test_a_mistake_is_rejected_within_the_default_examples(mistake, seed):
    op = OPS[mistake.op]
    failure = search(mistake.subject, op, EXAMPLES, seed, which=MATHEMATICS[op.kind], shrink=False).failure
    assert failure is not None
    assert failure.verdict is Verdict.WRONG


@every_mistake
def test_a_mistake_is_named_by_its_smallest_call(mistake):
    failure = search(mistake.subject, OPS[mistake.op], EXAMPLES, 0).failure
    assert mistake.description in failure.mistakes


@pytest.mark.parametrize(
    "mistake", [m for m in CATALOGUE if m.replaces == "backward"], ids=lambda m: f"{m.op}.{m.name}"
)
def test_a_wrong_gradient_is_rejected_without_pytorch(mistake):
    """By differences of its own forward, or because it is not linear in dy."""
    failure = search(mistake.subject, OPS[mistake.op], 3 * EXAMPLES, 0, which=WITNESSES, shrink=False).failure
    assert (failure is None) == (f"{mistake.op}.{mistake.name}" in CONVENTIONS)
