"""Theorems that check whether the gradients are derivatives.

Gradients must match differences of the subject's own forward, be linear in dy, and agree with PyTorch's forward mode
and double backward.
"""

from collections.abc import Iterable

import numpy as np

from cnn_oracle.call import Call
from cnn_oracle.cases.case import displaced, replace, strongest, with_expected
from cnn_oracle.cases.expected import Outputs, lacks_double_backward
from cnn_oracle.compare.compare import compare, tolerance
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op
from cnn_oracle.run.subject import backward
from cnn_oracle.subject import Subject
from cnn_oracle.theorems.differences import exact_difference, gradients_of, smooth_difference
from cnn_oracle.theorems.higher_order import second_gradient, transpose


def backward_is_the_derivative_of_forward(subject: Subject, op: Op, call: Call) -> float:
    """backward is the derivative of the subject's own forward f: ⟨dy, f(a + v) − f(a − v)⟩ / 2 = ⟨da, v⟩.

    This holds for each argument a. PyTorch's gradients are not used.
    """
    case = displaced(op, call, subject.dtypes(op.name))
    if case.exact:
        exact_difference(subject, op, case)
    else:
        smooth_difference(subject, op, case)
    return 0.0


def backward_is_linear_in_dy(subject: Subject, op: Op, call: Call) -> float:
    """backward is linear in dy: backward(dy + dz) = backward(dy) + backward(dz)."""
    case = strongest(op, call, subject.dtypes(op.name))
    shape = case.dy.shape
    dz = case.grids[1].values(case.rng, shape) if case.exact else case.rng.standard_normal(shape)
    dz = np.asarray(dz, case.dtype)
    # PyTorch is used only for the bounds
    whole, other = (replace(case, dy=dy) if case.exact else with_expected(op, case, dy=dy) for dy in (case.dy + dz, dz))
    first, second = (gradients_of(subject, part) for part in (case, other))
    total: Outputs = {q: _sum((first[q], second[q])) for q in first}
    bounds = [bound for part in (whole, case, other) if (bound := tolerance(op, part))]
    allowed: Outputs | None = {q: _sum(bound[q] for bound in bounds) for q in total} if bounds else None
    compare(whole, backward(subject, whole), allowed, total, "backward(dy) + backward(dz) says")
    return 0.0


def backward_is_the_transpose_of_forward_mode(subject: Subject, op: Op, call: Call) -> float:
    """backward is the transpose of PyTorch's forward mode: ⟨dy, J v⟩ = Σ ⟨da, v_a⟩.

    PyTorch's forward mode computes J v. Its rules are not those of PyTorch's backward.
    """
    transpose(subject, op, displaced(op, call, subject.dtypes(op.name)))
    return 0.0


def gradient_of_backward_is_pytorchs_double_backward(subject: Subject, op: Op, call: Call) -> float:
    """Differences of the subject's own backward match PyTorch's double backward."""
    if not lacks_double_backward(call):
        second_gradient(subject, op, displaced(op, call, subject.dtypes(op.name)))
    return 0.0


def _sum(arrays: Iterable[Array | None]) -> Array | None:
    present = [a for a in arrays if a is not None]
    with np.errstate(invalid="ignore"):  # a wrong gradient may be infinite
        return np.asarray(sum(present[1:], present[0])) if present else None
