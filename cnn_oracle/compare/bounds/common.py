"""Helpers that the bounds of several families share."""

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs, reference_gradients, reference_outputs
from cnn_oracle.manual._typing import Array


def present(a: Array | None) -> Array:
    """The array, which must not be None: the type checker cannot know this."""
    assert a is not None
    return a


def gradient_magnitudes(case: Case) -> Outputs:
    """The gradients for the absolute values of dy. The arguments keep their signs."""
    return reference_gradients(case.call, case.arrays, case.keywords, np.abs(case.dy))


def at_magnitudes(case: Case) -> Outputs:
    """y and the gradients for the absolute values of all arrays, including dy."""
    arrays, dy = {n: None if a is None else np.abs(a) for n, a in case.arrays.items()}, np.abs(case.dy)
    return reference_outputs(case.call, arrays, case.keywords, lambda _: dy)[1]


def scaled(factor: float, outputs: Outputs) -> Outputs:
    return {quantity: None if a is None else factor * np.abs(a) for quantity, a in outputs.items()}


def tiny(case: Case) -> float:
    """The error from underflow: the smallest normal number, in each of a few products with dy."""
    dy = np.abs(case.dy)
    return float(4 * np.finfo(case.dtype).tiny * (1 + dy.max(initial=0, where=np.isfinite(dy))))
