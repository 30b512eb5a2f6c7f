"""The common part of losses of two arrays: x and target of the same shape, and a weight for each of their elements."""

import numpy as np

from ._errors import invalid
from ._geometry import same_dtype
from ._typing import Array


def check_pair(op: str, x: Array, target: Array, **weights: Array | None) -> None:
    """Check shapes and dtypes. PyTorch broadcasts some mismatches and warns that the result is likely wrong.

    Raises:
        ValueError: the shapes or dtypes of x and target differ, or a weight cannot be broadcast to them.
    """
    same_dtype(op, x=x, target=target, **weights)
    if target.shape != x.shape:
        raise invalid(op, "x and target must have one shape", x=x, target=target)
    for name, a in weights.items():
        if a is not None and not fits(a.shape, x.shape):
            raise invalid(op, f"{name} cannot be broadcast to x", x=x, **{name: a})


def difference(op: str, x: Array, target: Array, weight: Array | None = None) -> tuple[Array, Array]:
    """d = x − target, and the weight v, 1 by default. PyTorch does not broadcast the weight of these losses.

    Raises:
        ValueError: the shapes or dtypes differ.
    """
    check_pair(op, x, target, weight=weight)
    if weight is not None and weight.shape != x.shape:
        raise invalid(op, "weight must have x's shape", x=x, weight=weight)
    return x - target, np.ones_like(x) if weight is None else weight


def fits(shape: tuple[int, ...], into: tuple[int, ...]) -> bool:
    """Whether an array of ``shape`` can be broadcast to ``into``."""
    try:
        return np.broadcast_shapes(shape, into) == into
    except ValueError:
        return False
