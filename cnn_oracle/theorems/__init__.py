"""The theorems of every op: plain functions (subject, op, call) that raise a Failure if they do not hold.

Each returns the largest error/bound that it met, or 0 where it compared bitwise. The tests, the command line and other
test suites only iterate over the theorems.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from cnn_oracle.call import Call
from cnn_oracle.calls.work import takes_time
from cnn_oracle.cases import special_values
from cnn_oracle.op import Op
from cnn_oracle.result import Failure
from cnn_oracle.subject import DTYPES, Subject
from cnn_oracle.theorems.contract import (
    an_int_stands_for_one_per_axis,
    backward_returns_one_gradient_per_array,
    dtype_is_kept,
    inputs_are_not_mutated,
    memory_layout_does_not_matter,
    outputs_are_no_views_of_inputs,
    outputs_are_not_reused,
    signatures_agree,
    two_runs_are_bitwise_equal,
)
from cnn_oracle.theorems.derivatives import (
    backward_is_linear_in_dy,
    backward_is_the_derivative_of_forward,
    backward_is_the_transpose_of_forward_mode,
    gradient_of_backward_is_pytorchs_double_backward,
)
from cnn_oracle.theorems.rejections import accepted_or_mistyped, what_pytorch_rejects_is_rejected
from cnn_oracle.theorems.rows import rows_do_not_depend_on_other_rows
from cnn_oracle.theorems.signatures import tells
from cnn_oracle.theorems.values import (
    backward_is_autograds_gradient,
    forward_is_pytorchs,
    input_gradient_is_autograds,
    running_statistics_are_pytorchs,
    special_values_are_pytorchs,
    steps_are_pytorchs,
    weight_gradient_is_autograds,
)

__all__ = [
    "CONTRACT",
    "DIFFERENTIABLE",
    "EVERY_FINDING",
    "FORWARD_ONLY",
    "NUMERICAL",
    "OPTIONAL",
    "STEP",
    "VALUES",
    "Theorem",
    "an_int_stands_for_one_per_axis",
    "backward_is_autograds_gradient",
    "backward_is_linear_in_dy",
    "backward_is_the_derivative_of_forward",
    "backward_is_the_transpose_of_forward_mode",
    "backward_returns_one_gradient_per_array",
    "dtype_is_kept",
    "forward_is_pytorchs",
    "gradient_of_backward_is_pytorchs_double_backward",
    "input_gradient_is_autograds",
    "inputs_are_not_mutated",
    "look_up",
    "memory_layout_does_not_matter",
    "of",
    "on_call",
    "outputs_are_no_views_of_inputs",
    "outputs_are_not_reused",
    "rows_do_not_depend_on_other_rows",
    "running_statistics_are_pytorchs",
    "signatures_agree",
    "special_values_are_pytorchs",
    "steps_are_pytorchs",
    "two_runs_are_bitwise_equal",
    "unchecked",
    "weight_gradient_is_autograds",
    "what_pytorch_rejects_is_rejected",
]

Theorem = Callable[[Subject, Op, Call], float]

# Whether the numbers are right. The other theorems are checked after these
NUMERICAL: tuple[Theorem, ...] = (
    forward_is_pytorchs,
    backward_is_autograds_gradient,
    backward_is_the_derivative_of_forward,
    backward_is_linear_in_dy,
    backward_is_the_transpose_of_forward_mode,
    gradient_of_backward_is_pytorchs_double_backward,
    input_gradient_is_autograds,
    weight_gradient_is_autograds,
    running_statistics_are_pytorchs,
    steps_are_pytorchs,
)
# Theorems of optional functions: they are checked if the subject has the function
OPTIONAL: Mapping[str, Theorem] = {
    "input_gradient": input_gradient_is_autograds,
    "weight_gradient": weight_gradient_is_autograds,
    "running_statistics": running_statistics_are_pytorchs,
}
CONTRACT: tuple[Theorem, ...] = (
    inputs_are_not_mutated,
    outputs_are_no_views_of_inputs,
    outputs_are_not_reused,
    backward_returns_one_gradient_per_array,
    dtype_is_kept,
    memory_layout_does_not_matter,
    an_int_stands_for_one_per_axis,
    two_runs_are_bitwise_equal,
    rows_do_not_depend_on_other_rows,
    signatures_agree,
    what_pytorch_rejects_is_rejected,
)
# Theorems that may find more than one thing on a call → a function that yields all findings
EVERY_FINDING: Mapping[Theorem, Callable[[Subject, Op, Call], Iterator[Failure]]] = {
    what_pytorch_rejects_is_rejected: accepted_or_mistyped,
}
# The theorems on values. A call that takes time is checked by these, and by one other in turn
VALUES = (forward_is_pytorchs, backward_is_autograds_gradient, running_statistics_are_pytorchs, steps_are_pytorchs)
FORWARD_ONLY = (forward_is_pytorchs, special_values_are_pytorchs, *CONTRACT)
DIFFERENTIABLE = (
    *(theorem for theorem in NUMERICAL if theorem is not steps_are_pytorchs), special_values_are_pytorchs, *CONTRACT,
)  # fmt: skip
STEP = (steps_are_pytorchs, special_values_are_pytorchs, *CONTRACT)


def of(op: Op, subject: Subject | None = None) -> tuple[Theorem, ...]:
    """The theorems that apply to an op, or to a subject's implementation of it, in the order of checking."""
    excluded: set[Theorem] = set()
    if not special_values.are_checked(op) or (subject and "float64" not in subject.dtypes(op.name)):
        excluded.add(special_values_are_pytorchs)
    if op.kind == "step" or (subject and subject.forward_only(op.name)):
        excluded.add(backward_returns_one_gradient_per_array)
    offered = subject.implementation(op.name) if subject else op.manual
    for name, theorem in OPTIONAL.items():
        if not (hasattr(op.manual, name) and callable(getattr(offered, name, None))):
            excluded.add(theorem)
    if op.kind == "step":
        return tuple(theorem for theorem in STEP if theorem not in excluded)
    every = FORWARD_ONLY if subject and subject.forward_only(op.name) else DIFFERENTIABLE
    return tuple(theorem for theorem in every if theorem not in excluded)


def on_call(op: Op, call: Call, every: Sequence[Theorem]) -> Sequence[Theorem]:
    """The theorems that are checked on a drawn call: all, or the values and one other in turn if the call takes time.

    ``every`` are those of the subject.
    """
    if not takes_time(op, call):
        return every
    others = [theorem for theorem in every if theorem not in VALUES]
    chosen = (*VALUES, *others[call.seed % max(len(others), 1) :][:1])
    return [theorem for theorem in every if theorem in chosen]


def look_up(name: str) -> Theorem:
    """The theorem with this name. A ``reproduce`` line contains such a name.

    Raises:
        ValueError: There is no such theorem.
    """
    named = {theorem.__name__: theorem for theorem in (*STEP, *DIFFERENTIABLE)}
    if name not in named:
        raise ValueError(f"no theorem {name!r}; the theorems are {', '.join(named)}")
    return named[name]


def unchecked(subject: Subject, op: Op) -> tuple[str, ...]:
    """What the theorems cannot check: missing functions, gradients, dtypes, signatures that do not name arguments."""
    implementation = subject.implementation(op.name)
    functions = ["step"] if op.kind == "step" else ["forward", "backward"]
    found = {name: getattr(implementation, name, ...) for name in functions}
    absent = [name for name, function in found.items() if function is None]
    dtypes = [dtype for dtype in DTYPES if dtype not in subject.dtypes(op.name)]
    untold = [f"{name}'s signature" for name, f in found.items() if callable(f) and not tells(f)]
    given = op.positional if op.kind == "step" or subject.forward_only(op.name) else subject.gradients(op)
    gradients = [f"d{name}" for name in op.positional if name not in given]
    return (*absent, *gradients, *dtypes, *untold)
