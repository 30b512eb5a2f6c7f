"""Helpers shared by the bounds of several families."""

import numpy as np

from cnn_oracle.cases.case import Case
from cnn_oracle.cases.expected import Answers, reference_forward, reference_gradients
from cnn_oracle.manual._typing import Array


def present(a: Array | None) -> Array:
    """An answer that is there: the type checker cannot know which arguments are given."""
    assert a is not None
    return a


def at_magnitudes(case: Case) -> Answers:
    arrays = {n: None if a is None else np.abs(a) for n, a in case.arrays.items()}
    y = reference_forward(case.call, arrays, case.keywords)
    return {"y": y, **reference_gradients(case.call, arrays, case.keywords, np.abs(case.dy))}


def scaled(factor: float, answers: Answers) -> Answers:
    return {quantity: None if a is None else factor * np.abs(a) for quantity, a in answers.items()}


def tiny(case: Case) -> float:
    """What underflow may lose: the smallest normal number, in each of a few products with dy."""
    dy = np.abs(case.dy)
    return float(4 * np.finfo(case.dtype).tiny * (1 + dy.max(initial=0, where=np.isfinite(dy))))
