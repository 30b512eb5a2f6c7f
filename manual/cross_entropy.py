"""Cross-entropy of the softmax of logits, from the logits, so that nothing overflows or is clipped.   Formula S3.

z       = log_softmax(x)
q[n,c]  = weight[c] ((1 − ε) [c = t[n]] + ε/C)       ε label_smoothing; 0 where t[n] is ignore_index
ℓ[n]    = −Σ_c q[n,c] z[n,c]
y       = ℓ, Σ_n ℓ[n], or Σ_n ℓ[n] / Σ_n weight[t[n]]
dx[n,c] = dℓ[n] (softmax(x)[n,c] Σ_j q[n,j] − q[n,c])

A target of class probabilities (a floating array of x's shape) replaces [c = t[n]]; then the mean is over n only.
With labels, without weights and smoothing, dx is probability minus one-hot, over N. n is as in nll_loss.
"""

from math import prod

import numpy as np

from . import log_softmax, nll_loss, softmax
from ._errors import invalid
from ._floats import ieee
from ._geometry import same_dtype
from ._reduction import reduce, spread
from ._typing import Array


@ieee
def forward(
    x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> Array:  # fmt: skip
    """x (N, C, …) logits, target (N, …) labels or (N, C, …) probabilities → y, () or (N, …) if reduction is "none".

    Raises:
        ValueError: the shapes do not fit together, a label is not a class, or label_smoothing is not in 0 … 1.
    """
    q, total = _mixture(x, target, weight, ignore_index, label_smoothing)
    z = log_softmax.forward(x, dim=1)
    if target.dtype.kind == "f":
        loss = -(q * z).sum(1)
    else:  # z may be −∞ at other classes, and anything where ignored
        eps = x.dtype.type(label_smoothing)
        loss = nll_loss.forward(z, target=target, weight=weight, ignore_index=ignore_index, reduction="none")
        if label_smoothing:
            even = (z if weight is None else z * _per_class(weight, x)).sum(1)
            loss = (1 - eps) * loss - eps / x.shape[1] * np.where(target == ignore_index, x.dtype.type(0), even)
    return reduce("cross_entropy", loss, reduction, total)


@ieee
def backward(
    dy: Array, x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100,
    reduction: str = "mean", label_smoothing: float = 0.0,
) -> tuple[Array]:  # fmt: skip
    """dy of y's shape → dx (N, C, …)."""
    q, total = _mixture(x, target, weight, ignore_index, label_smoothing)
    dl = spread("cross_entropy", dy, (x.shape[0], *x.shape[2:]), reduction, total)
    mass = q.sum(1, keepdims=True)
    dl = np.where(mass == 0, x.dtype.type(0), dl[:, None])  # an ignored sample has no gradient, even where mean is 0/0
    return (dl * (softmax.forward(x, dim=1) * mass - q),)


def _mixture(
    x: Array, target: Array, weight: Array | None, ignore_index: int, label_smoothing: float
) -> tuple[Array, Array | int]:
    """q, and what "mean" divides by."""
    if not 0 <= label_smoothing <= 1:
        raise invalid("cross_entropy", "label_smoothing must lie in 0 … 1", x=x, label_smoothing=label_smoothing)
    if target.dtype.kind == "f":
        same_dtype("cross_entropy", x=x, target=target, weight=weight)
        if target.shape != x.shape or x.ndim < 2 or (weight is not None and weight.shape != x.shape[1:2]):
            raise invalid(
                "cross_entropy", "probabilities must have x's shape, weights one number per class", x=x, target=target
            )
        if ignore_index >= 0:
            raise invalid(
                "cross_entropy", "probabilities have no label to ignore", x=x, target=target, ignore_index=ignore_index
            )
        p, v, total = target, None, len(x) * prod(x.shape[2:])
    else:
        label, v = nll_loss.labels("cross_entropy", x, target, weight, ignore_index)
        p, total = np.zeros(x.shape, x.dtype), v.sum()
        np.put_along_axis(p, label[:, None], 1, 1)
    eps = x.dtype.type(label_smoothing)
    q = (1 - eps) * p + eps / x.shape[1]
    if weight is not None:
        q = q * _per_class(weight, x)
    return (q if v is None else np.where((target == ignore_index)[:, None], x.dtype.type(0), q)), total


def _per_class(weight: Array, x: Array) -> Array:
    """The weights as x's second axis."""
    return weight.reshape(-1, *(1 for _ in x.shape[2:]))
