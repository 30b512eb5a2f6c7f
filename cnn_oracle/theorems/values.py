"""Theorems on the numbers: outputs, gradients, running statistics and steps equal PyTorch's."""

from cnn_oracle.call import Call
from cnn_oracle.cases import special_values
from cnn_oracle.cases.case import Case, cases
from cnn_oracle.compare import undefined
from cnn_oracle.compare.compare import compare, finite_tolerance, tolerance
from cnn_oracle.op import Op
from cnn_oracle.result import Failure, Verdict
from cnn_oracle.run.subject import backward, forward, known, part, run_all, steps
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.running_statistics import updated


def forward_is_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """y equals PyTorch's: bitwise on exact grids, and within its bound on real numbers."""
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, known(forward, subject, case), tolerance(op, case)) for case in found)


def backward_is_autograds_gradient(subject: Subject, op: Op, call: Call) -> float:
    """The gradients equal autograd's: bitwise on exact grids, and within their bounds on real numbers.

    The cotangent is random.
    """
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, known(backward, subject, case), tolerance(op, case)) for case in found)


def input_gradient_is_autograds(subject: Subject, op: Op, call: Call) -> float:
    """input_gradient returns only dx, as in torch.nn.grad, and dx equals autograd's."""
    return _part(subject, op, call, "input_gradient", "dx")


def weight_gradient_is_autograds(subject: Subject, op: Op, call: Call) -> float:
    """weight_gradient returns only dw, as in torch.nn.grad, and dw equals autograd's."""
    return _part(subject, op, call, "weight_gradient", "dw")


def running_statistics_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """The running mean and variance after x equal those of PyTorch's layer."""
    return updated(subject, op, call)


def special_values_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """On special values, NaN and infinities are where PyTorch has them, and finite values are within their bounds.

    A subject may treat subnormal numbers as zeros, as many processors do. Then PyTorch's values for zeros are expected.
    Any value is right that PyTorch gives in arrays of some length. Where PyTorch's formula is undefined, such as 0 · ∞
    of a masked key, an implementation that avoids this is right, too.
    """
    case = special_values.case_of(op, call)
    if not subject.ours and subject.lacks(op, case.call):  # it has other options than the call
        return 0.0
    try:
        return compare_special_values(subject, op, case)
    except Failure as failure:
        if failure.verdict is Verdict.NOT_COVERED and case.call is not call:
            return 0.0
        raise


def compare_special_values(subject: Subject, op: Op, case: Case) -> float:
    """Compare the outputs for a case with special values. Returns the largest error/bound.

    Raises:
        Failure: An output is wrong, by the rules of ``special_values_are_pytorchs``.
    """
    bounds = finite_tolerance(op, case)
    outputs = run_all(subject, op, case)
    for accept in (special_values.or_flushed, special_values.or_at_another_length, undefined.or_defined):
        case = accept(op, case, outputs)
    return compare(case, outputs, bounds, says="on special values PyTorch says")


def steps_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """w after each of several consecutive steps equals torch.optim's."""
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, steps(subject, case), tolerance(op, case)) for case in found)


def _part(subject: Subject, op: Op, call: Call, name: str, quantity: str) -> float:
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, {quantity: part(subject, case, name)}, tolerance(op, case)) for case in found)
