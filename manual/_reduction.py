"""The reduction of a loss to one number: a linear map and its adjoint.

none  y = ℓ                 dℓ = dy
sum   y = Σ ℓ               dℓ = dy everywhere
mean  y = Σ ℓ / total       dℓ = dy / total everywhere; 0/0 is NaN, as in PyTorch
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._typing import Array


@ieee
def reduce(op: str, loss: Array, reduction: str, total: Array | int) -> Array:
    """The losses ℓ as they are, their sum, or their sum over ``total``.

    Raises:
        ValueError: ``reduction`` is not "none", "sum" or "mean".
    """
    if reduction == "none":
        return loss
    if reduction == "sum":
        return np.asarray(loss.sum())
    if reduction == "mean":
        return np.asarray(loss.sum() / loss.dtype.type(total))
    raise invalid(op, "reduction must be 'none', 'sum' or 'mean'", loss=loss.shape, reduction=reduction)


@ieee
def spread(op: str, dy: Array, shape: tuple[int, ...], reduction: str, total: Array | int) -> Array:
    """The adjoint of ``reduce``: dy → dℓ of ``shape``.

    Raises:
        ValueError: ``reduction`` is not "none", "sum" or "mean", or dy does not have y's shape.
    """
    if reduction not in ("none", "sum", "mean"):
        raise invalid(op, "reduction must be 'none', 'sum' or 'mean'", dy=dy, reduction=reduction)
    if dy.shape != (shape if reduction == "none" else ()):
        raise invalid(op, f"dy must have y's shape {shape if reduction == 'none' else ()}", dy=dy, reduction=reduction)
    return np.broadcast_to(dy / dy.dtype.type(total) if reduction == "mean" else dy, shape)
