"""Where PyTorch says NaN on special values although another answer is right, too.

An implementation may avoid 0 · ∞, ∞/∞ or ∞ − ∞, or may meet it where PyTorch does not.
"""

import numpy as np

from cnn_oracle.cases.case import Case, replace, with_expected
from cnn_oracle.cases.expected import Outputs, Rejection, public_outputs
from cnn_oracle.cases.special_values import SPECIAL_VALUES, VALUES
from cnn_oracle.compare.bounds import attention
from cnn_oracle.manual._typing import Array
from cnn_oracle.op import Op

U = 2.0**-53


def or_defined(op: Op, case: Case, outputs: Outputs) -> Case:
    """Accept another right answer where PyTorch's formula is undefined.

    Args:
        op: the op.
        case: the case with special values.
        outputs: the outputs of the subject.

    Returns:
        The case. Where the subject gives another right answer, that answer is expected.
    """
    with np.errstate(all="ignore"):
        if op.kind == "step":
            return _or_diverged(case, outputs)
        if op.name == "scaled_dot_product_attention":
            return _or_skipped(case, outputs)
        if op.name in VALUES and VALUES[op.name][0] is SPECIAL_VALUES:
            return _or_limit(op, case, outputs)
    return case


def _or_limit(op: Op, case: Case, outputs: Outputs) -> Case:
    """At ±∞, an activation or its slope may be its limit: what PyTorch gives at the largest number of that sign."""
    x = case.as_float64("x")
    largest = np.where(np.isinf(x), np.copysign(np.finfo(x.dtype).max, x), x)
    limit = with_expected(op, case, arrays={"x": largest}).expected
    expected = dict(case.expected)
    for quantity, true in case.expected.items():
        got, other = outputs.get(quantity), limit[quantity]
        if true is not None and got is not None and other is not None and got.shape == true.shape:
            expected[quantity] = np.where(np.isinf(x) & np.isnan(true) & (got == other), got, true)
    return replace(case, expected=expected)


def _or_diverged(case: Case, outputs: Outputs) -> Case:
    """An infinite w may become NaN: w − η λ w is ∞ − ∞, where (1 − η λ) w is ∞."""
    infinite, expected = np.isinf(case.as_float64("w")), dict(case.expected)
    for quantity, true in case.expected.items():
        got = outputs.get(quantity)
        if true is not None and got is not None and got.shape == true.shape:
            expected[quantity] = np.where(infinite & np.isnan(got), got, true)
    return replace(case, expected=expected)


def _or_skipped(case: Case, outputs: Outputs) -> Case:
    """Attention may skip masked keys, as fused kernels do, or answer as the kernel does that PyTorch itself chooses.

    Else a masked key or value that is not finite makes 0 · ∞ = NaN.
    """
    expected, skipped = dict(case.expected), [attention.without_masked(case, U, scores) for scores in (False, True)]
    try:
        fused = public_outputs(case.call, case.arrays, case.keywords, case.dy)
    except Rejection:
        fused = Outputs()
    for quantity, true in case.expected.items():
        got = outputs.get(quantity)
        if true is None or got is None or got.shape != true.shape:
            continue
        right = _same(got, fused.get(quantity))
        for other in (one[quantity] for one in skipped):
            near = np.isfinite(other.error) & (np.abs(got - other.value) <= 2 * other.error)
            right |= near | (np.isinf(got) & (got == other.value))
        expected[quantity] = np.where(np.isnan(true) & right, got, true)
    return replace(case, expected=expected)


def _same(a: Array, b: Array | None) -> Array:
    return np.zeros(a.shape, bool) if b is None else (a == b) | (np.isnan(a) & np.isnan(b))
