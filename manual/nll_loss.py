"""Negative log-likelihood: minus the log-probability of each sample's label.   Formula S3.

ℓ[n]    = −v[n] x[n,t[n]]                     v[n] = weight[t[n]], and 0 where t[n] is ignore_index
y       = ℓ, Σ_n ℓ[n], or Σ_n ℓ[n] / Σ_n v[n]
dx[n,c] = −v[n] dℓ[n] where c = t[n], else 0

n stands for the batch and all axes behind the classes. The factor 1/Σv of the mean is applied here and nowhere else
(E7).
"""

import numpy as np

from ._errors import invalid
from ._floats import ieee
from ._reduction import reduce, spread
from ._typing import Array


@ieee
def forward(
    x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Array:
    """x (N, C, …) log-probabilities, target (N, …) integers in 0 … C−1 → y, () or (N, …) if reduction is "none".

    Raises:
        ValueError: the shapes do not fit together, or a label is not a class.
    """
    label, v = labels("nll_loss", x, target, weight, ignore_index)
    picked = np.take_along_axis(x, label[:, None], 1)[:, 0]
    return reduce("nll_loss", -v * np.where(target == ignore_index, x.dtype.type(0), picked), reduction, v.sum())


@ieee
def backward(
    dy: Array,
    x: Array,
    *,
    target: Array,
    weight: Array | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> tuple[Array]:
    """dy of y's shape → dx (N, C, …)."""
    label, v = labels("nll_loss", x, target, weight, ignore_index)
    dl = spread("nll_loss", dy, target.shape, reduction, v.sum())
    dx = np.zeros(x.shape, x.dtype)
    # 0 for ignored samples, even where the mean is 0/0
    picked = np.multiply(-v, dl, out=np.zeros_like(v), where=v != 0)
    np.put_along_axis(dx, label[:, None], picked[:, None], 1)
    return (dx,)


def labels(op: str, x: Array, target: Array, weight: Array | None, ignore_index: int) -> tuple[Array, Array]:
    """x (N, C, …), target (N, …), weight (C,) or None → each sample's label and weight v, (N, …), both 0 where ignored.

    Raises:
        ValueError: the shapes do not fit together, or a label is not a class.
    """
    if x.ndim < 2 or target.shape != (x.shape[0], *x.shape[2:]) or not np.issubdtype(target.dtype, np.integer):
        raise invalid(op, "x must be (N, C, …) and target (N, …) integers", x=x, target=target)
    classes, ignored = x.shape[1], target == ignore_index
    if weight is not None and (weight.shape != (classes,) or weight.dtype != x.dtype):
        raise invalid(op, f"weight must be ({classes},) of x's dtype, one number per class", x=x, weight=weight)
    label = np.where(ignored, 0, target)
    if (bad := label[(label < 0) | (label >= classes)]).size:
        raise invalid(op, f"label {bad[0]} is none of the {classes} classes", x=x, target=target)
    v = np.ones(target.shape, x.dtype) if weight is None else weight[label]
    return label, np.where(ignored, x.dtype.type(0), v)
