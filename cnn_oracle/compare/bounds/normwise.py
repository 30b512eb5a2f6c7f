"""The normwise bound of fast convolutions (Winograd, FFT): it depends on the largest inputs, not on each sum.

A fast algorithm adds and subtracts before it multiplies. So an output has the roundings of numbers that cancel:

    |ŷ − y| ≤ γ_k α^rank max|x| max|w| C        for every element, where C is the number of channels in its sum

α = max_i Σ_j |Aᵀ_ij| ‖G_j‖₁ ‖Bᵀ_j‖₁ says how much Aᵀ((G w) ⊙ (Bᵀ x)) grows at magnitudes. It is 48 for Winograd's
F(4, 3) on each axis (tests/oracle/diagnose/test_precision.py computes it). k counts roundings: K products, and 20 for
the transforms of each axis. The error of an FFT, log₂ n roundings of ‖x‖₂ ‖w‖₂ (Higham, Accuracy and Stability of
Numerical Algorithms, §24.1), is smaller.
"""

from math import prod

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs, longest_sum
from cnn_oracle.compare.bounds.rounding import gamma

GROWTH = 48
TRANSFORM = 20


def bound(case: Case, u: float) -> Outputs:
    """y and dx sum over the channels of a group, and dw over batch and space. db is a plain sum of dy."""
    rank, most = (
        case.dy.ndim - 2,
        {n: np.abs(case.as_float64(n)).max(initial=0) for n, a in case.arrays.items() if a is not None},
    )
    dy, channels, positions = np.abs(case.dy).max(initial=0), max(case.call.arguments["w"][:2]), prod(case.dy.shape)
    factor = gamma(longest_sum(case.call) + TRANSFORM * rank, u) * GROWTH**rank
    reached = {
        "y": channels * most["x"] * most["w"] + most.get("b", 0),
        "dx": channels * dy * most["w"],
        "dw": positions * dy * most["x"],
        "db": positions * dy,
    }
    return {q: None if a is None else np.full(a.shape, factor * reached[q]) for q, a in case.expected.items()}
