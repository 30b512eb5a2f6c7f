"""Whether the numbers are right: outputs, gradients, running statistics and steps are PyTorch's."""

import warnings

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases import special_values
from cnn_oracle.cases.case import cases
from cnn_oracle.cases.expected import Outputs
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.op import Op
from cnn_oracle.run.subject import backward, forward, known, part, run_all, steps
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.running_statistics import updated


def forward_is_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """y is PyTorch's, bitwise on lattices and within its bound on real numbers."""
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, known(forward, subject, case), tolerance(op, case)) for case in found)


def backward_is_autograds_gradient(subject: Subject, op: Op, call: Call) -> float:
    """dx, dw, … are autograd's for a random cotangent, bitwise on lattices and within their bounds on real numbers."""
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, known(backward, subject, case), tolerance(op, case)) for case in found)


def input_gradient_is_autograds(subject: Subject, op: Op, call: Call) -> float:
    """What a subject offers as torch.nn.grad does, dx alone, is autograd's."""
    return _part(subject, op, call, "input_gradient", "dx")


def weight_gradient_is_autograds(subject: Subject, op: Op, call: Call) -> float:
    """What a subject offers as torch.nn.grad does, dw alone, is autograd's."""
    return _part(subject, op, call, "weight_gradient", "dw")


def running_statistics_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """What a norm makes of its running mean and variance is what PyTorch's layer holds after it has seen x."""
    return updated(subject, op, call)


def edge_values_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """NaN where PyTorch says NaN, the same infinities, and every finite value within its bound.

    Who reads subnormal numbers as zeros, as many a processor does, answers what PyTorch answers for zeros.
    """
    case = special_values.case_of(op, call)
    with warnings.catch_warnings(action="ignore"):  # the bound may say what it likes
        allowed = tolerance(op, case) or {}
    # where a formula is infinite or NaN, so is its bound: what is left there is PyTorch's own value
    bounds: Outputs = {q: None if a is None else np.where(np.isfinite(a), a, 0) for q, a in allowed.items()}
    answers = run_all(subject, op, case)
    return compare(special_values.or_flushed(op, case, answers), answers, bounds, says="on edge values PyTorch says")


def steps_are_pytorchs(subject: Subject, op: Op, call: Call) -> float:
    """w after each of several consecutive steps is torch.optim's."""
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, steps(subject, case), tolerance(op, case)) for case in found)


def _part(subject: Subject, op: Op, call: Call, name: str, quantity: str) -> float:
    found = cases(op, call, subject.dtypes(op.name))
    return max(compare(case, {quantity: part(subject, case, name)}, tolerance(op, case)) for case in found)
