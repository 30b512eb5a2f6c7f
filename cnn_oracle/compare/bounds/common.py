"""Helpers shared by the bounds of several families."""

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Outputs, reference_gradients, reference_outputs
from cnn_oracle.manual._typing import Array


def present(a: Array | None) -> Array:
    """An answer that is there: the type checker cannot know which arguments are given."""
    assert a is not None
    return a


def gradient_magnitudes(case: Case) -> Outputs:
    """The gradients of the absolute values of dy, where the arguments keep their signs."""
    return reference_gradients(case.call, case.arrays, case.keywords, np.abs(case.dy))


def at_magnitudes(case: Case) -> Outputs:
    """y and the gradients of the absolute values of all arrays, dy among them."""
    arrays, dy = {n: None if a is None else np.abs(a) for n, a in case.arrays.items()}, np.abs(case.dy)
    return reference_outputs(case.call, arrays, case.keywords, lambda _: dy)[1]


def scaled(factor: float, answers: Outputs) -> Outputs:
    return {quantity: None if a is None else factor * np.abs(a) for quantity, a in answers.items()}


def tiny(case: Case) -> float:
    """What underflow may lose: the smallest normal number, in each of a few products with dy."""
    dy = np.abs(case.dy)
    return float(4 * np.finfo(case.dtype).tiny * (1 + dy.max(initial=0, where=np.isfinite(dy))))
