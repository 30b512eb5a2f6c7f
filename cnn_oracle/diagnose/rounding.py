"""Outputs that are nearly right: in a shorter format, or with few right digits."""

from collections.abc import Iterator, Sequence
from functools import partial
from math import floor, log10

import numpy as np

from cnn_oracle.diagnose.claims import Claim
from cnn_oracle.diagnose.evidence import Observation
from cnn_oracle.manual._typing import Array

MARGIN = 0.5  # digits that other calls may cost
SPARE = 3  # fewer digits than this below those of the dtype say nothing
DIGITS = 3  # with fewer right digits, numbers are not called imprecise


def low_precision(seen: Sequence[Observation]) -> Iterator[Claim]:
    """A float64 output holds only numbers of a shorter format, close to the expected ones."""
    quantity = seen[0].name
    for dtype in (np.float16, np.float32):
        name = np.dtype(dtype).name
        text = f"every number of {quantity} fits in {name}: a step is computed in {name} or less"
        yield Claim("precision", text, partial(_is_rounded_to, dtype=dtype))


def _is_rounded_to(one: Observation, dtype: type) -> bool | None:
    if not one.finite or one.case.dtype.itemsize <= np.dtype(dtype).itemsize or _right_digits(one) < 2:
        return False
    return _fits(one.output, dtype) and (not _fits(one.expected, dtype) or None)


def _fits(a: Array, dtype: type) -> bool:
    with np.errstate(over="ignore"):
        return bool((a.astype(dtype) == a).all())


def digits(seen: Sequence[Observation]) -> Iterator[Claim]:
    """The output is nearly right."""
    right = [0.0 if one.case.exact or not one.finite else _right_digits(one) for one in seen]
    most = -log10(float(np.finfo(seen[0].case.dtype).eps)) - SPARE
    if right and DIGITS <= (n := floor(min(right) - MARGIN)) <= most:
        text = (
            f"the errors of {seen[0].name} are below 1e−{n} of its largest element: look for cancellation, a rounded "
            "constant, another eps, or a step in lower precision"
        )
        yield Claim("precision", text, lambda one: one.finite and _right_digits(one) >= n)


def _right_digits(one: Observation) -> float:
    """−log10 of the largest error relative to the largest expected element."""
    largest, worst = np.abs(one.expected).max(initial=0.0), one.error.max(initial=0.0)
    return -log10(worst / largest) if 0 < worst < np.inf and largest else 0.0
