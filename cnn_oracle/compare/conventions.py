"""Conventions: gradients at a tie, at a nondifferentiable point, and at NaN, where more than one choice is valid.

At a tie or a nondifferentiable point, a gradient is another valid choice if it lies between PyTorch's gradients at
nearby points. Each element must lie between the smallest and the largest of them, and so must the sum of all elements.
Where x is NaN, any value of dx is a choice.
"""

from collections.abc import Iterator

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Rejection, reference_gradients
from cnn_oracle.manual._typing import Array
from cnn_oracle.result import Failure

NEAR = 2.0**-30  # how far the nearby points are, relative to the largest element
MARGIN = 1e-6  # the gradient's own change over that distance, relative to its largest element
RANDOM = 12  # random directions, besides the fixed ones


def choice(failure: Failure) -> str:
    """What wrong gradients are a choice about: "a tie", "NaN", or "" if they are wrong."""
    case, name = failure.case, failure.quantity[1:]
    if not failure.against_pytorch or failure.outputs is None or case is None or case.arrays.get(name) is None:
        return ""
    found, expected = failure.outputs.get(failure.quantity), case.expected.get(failure.quantity)
    if found is None or expected is None or found.shape != expected.shape:
        return ""
    wrong = ~((found == expected) | (np.isnan(found) & np.isnan(expected)))
    if (np.isnan(case.arrays[name]) | ~wrong).all():
        return "NaN"
    return "a tie" if _between(case, failure.quantity, found.astype(float), expected) else ""


def _between(case: Case, quantity: str, found: Array, expected: Array) -> bool:
    usual = np.isfinite(expected)
    if not np.isfinite(found[usual]).all() or (found[~usual] != expected[~usual]).any():
        return False
    low = high = expected
    sums = [float(expected[usual].sum())]
    for nearby in _nearby(case, quantity[1:]):
        try:
            gradient = reference_gradients(nearby.call, nearby.arrays, nearby.keywords, nearby.dy)[quantity]
        except Rejection:
            return False
        assert gradient is not None
        low, high = np.fmin(low, gradient), np.fmax(high, gradient)
        sums.append(float(np.where(usual, gradient, 0).sum()))
    margin = MARGIN * max(np.abs(expected[usual]).max(initial=0.0), np.abs(np.asarray(sums)).max(), 1e-300)
    total = float(found[usual].sum())
    inside = (low - margin <= found) & (found <= high + margin)
    return bool(inside[usual].all()) and min(sums) - margin <= total <= max(sums) + margin


def _nearby(case: Case, name: str) -> Iterator[Case]:
    """The case with the array moved a little: up, down, rising, falling, and in random directions."""
    a = case.arrays[name]
    assert a is not None
    finite = np.abs(a[np.isfinite(a)])
    step = NEAR * max(float(finite.max(initial=0.0)), 2.0**-20)
    rising = np.linspace(-1, 1, a.size).reshape(a.shape) if a.size > 1 else np.ones(a.shape)
    rng = np.random.default_rng(0)
    ones = np.ones(a.shape)
    random = (rng.uniform(-1, 1, a.shape) for _ in range(RANDOM))
    for direction in (ones, -ones, rising, -rising, *random):
        arrays = {n: None if b is None else b.astype(np.float64) for n, b in case.arrays.items()}
        arrays[name] = a.astype(np.float64) + step * direction
        yield Case(
            case.call, case.dtype, arrays, case.keywords, case.dy, case.expected, case.grids, case.numbers
        )  # fmt: skip
