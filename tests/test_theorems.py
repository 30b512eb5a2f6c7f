"""The theorems of every op, on drawn calls. Each is written once, in oracle/theorems.py."""

import os
from random import randrange

import pytest

from oracle import theorems
from oracle.judge import must_hold
from oracle.ops import OPS
from oracle.strategies import SEEDS

SEED = 0 if os.environ.get("CI") else randrange(SEEDS)  # other calls each time, but for CI


def every_op(theorem):
    names = [op.name for op in OPS.values() if theorem in theorems.of(op)]

    @pytest.mark.parametrize("name", names)
    def test(subject, name):
        if subject.implementation(name) is None:
            pytest.skip(f"{subject.name} does not cover {name}")
        if theorem not in theorems.of(OPS[name], subject):
            pytest.skip(f"{subject.name} has not what this speaks of")
        must_hold(subject, OPS[name], theorem, SEED)

    return test


test_signatures_agree = every_op(theorems.signatures_agree)
test_forward_is_pytorchs = every_op(theorems.forward_is_pytorchs)
test_backward_is_autograds_gradient = every_op(theorems.backward_is_autograds_gradient)
test_input_gradient_is_autograds = every_op(theorems.input_gradient_is_autograds)
test_weight_gradient_is_autograds = every_op(theorems.weight_gradient_is_autograds)
test_running_statistics_are_pytorchs = every_op(theorems.running_statistics_are_pytorchs)
test_edge_values_are_pytorchs = every_op(theorems.edge_values_are_pytorchs)
test_steps_are_pytorchs = every_op(theorems.steps_are_pytorchs)
test_backward_is_the_derivative_of_forward = every_op(theorems.backward_is_the_derivative_of_forward)
test_backward_is_linear_in_dy = every_op(theorems.backward_is_linear_in_dy)
test_backward_is_the_transpose_of_forward_mode = every_op(theorems.backward_is_the_transpose_of_forward_mode)
test_gradient_of_backward_is_pytorchs_double_backward = every_op(
    theorems.gradient_of_backward_is_pytorchs_double_backward
)
test_inputs_are_not_mutated = every_op(theorems.inputs_are_not_mutated)
test_answers_are_no_views_of_inputs = every_op(theorems.answers_are_no_views_of_inputs)
test_dtype_is_kept = every_op(theorems.dtype_is_kept)
test_memory_layout_does_not_matter = every_op(theorems.memory_layout_does_not_matter)
test_an_int_stands_for_one_per_axis = every_op(theorems.an_int_stands_for_one_per_axis)
test_two_runs_are_bitwise_equal = every_op(theorems.two_runs_are_bitwise_equal)
test_what_pytorch_refuses_is_refused = every_op(theorems.what_pytorch_refuses_is_refused)


@pytest.mark.parametrize("name", OPS)
def test_every_theorem_of_an_op_is_tested(name):
    assert all(f"test_{theorem.__name__}" in globals() for theorem in theorems.of(OPS[name]))
