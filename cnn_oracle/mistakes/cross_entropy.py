"""Wrong derivations of the cross-entropy."""

from typing import Any

import numpy as np

from cnn_oracle.manual import cross_entropy, softmax
from cnn_oracle.manual._reduction import reduce, spread
from cnn_oracle.manual._typing import Array


def logarithm_of_softmax(x: Array, **options: Any) -> Array:
    """the loss takes log(softmax(x)), which is −∞ where softmax underflows to 0"""
    return _loss(np.log(softmax.forward(x, dim=1)), **options)


def eps_in_the_logarithm(x: Array, *, epsilon: float = 1e-8, **options: Any) -> Array:
    """the loss takes log(softmax(x) + eps), which is wrong by about eps/softmax(x) everywhere"""
    return _loss(np.log(softmax.forward(x, dim=1) + x.dtype.type(epsilon)), **options)


def probabilities_clipped(x: Array, *, epsilon: float = 1e-8, **options: Any) -> Array:
    """the probabilities are clipped to eps … 1 − eps before their logarithm is taken"""
    return _loss(np.log(np.clip(softmax.forward(x, dim=1), epsilon, 1 - epsilon).astype(x.dtype)), **options)


def maximum_not_subtracted(x: Array, **options: Any) -> Array:
    """the loss takes x − log Σ exp(x): without the maximum subtracted, exp overflows"""
    return _loss(x - np.log(np.exp(x).sum(1, keepdims=True)), **options)


def softmax_twice(x: Array, **options: Any) -> Array:
    """the loss is that of softmax(x), which is normalised once more; x are logits already"""
    return cross_entropy.forward(softmax.forward(x, dim=1), **options)


def mean_over_the_classes_too(x: Array, **options: Any) -> Array:
    """the mean is also divided by the number of classes"""
    y = cross_entropy.forward(x, **options)
    return y / x.dtype.type(x.shape[1]) if options.get("reduction", "mean") == "mean" else y


def smoothing_over_the_other_classes(x: Array, *, target: Array, label_smoothing: float = 0.0, **options: Any) -> Array:
    """label_smoothing ε is shared by the other C − 1 classes; PyTorch shares it among all C classes"""
    if target.dtype.kind != "f":  # the label keeps 1 − ε, not 1 − ε + ε/C
        c = x.shape[1]
        label_smoothing = min(label_smoothing * c / max(c - 1, 1), 1.0) if c > 1 else 0.0
    return cross_entropy.forward(x, target=target, label_smoothing=label_smoothing, **options)


def mean_over_the_classes_too_in_dx(dy: Array, x: Array, **options: Any) -> tuple[Array]:
    """dx is also divided by the number of classes, although the mean is over the samples"""
    (dx,) = cross_entropy.backward(dy, x, **options)
    return (dx / x.dtype.type(x.shape[1]) if options.get("reduction", "mean") == "mean" else dx,)


def gradient_of_the_probabilities(dy: Array, x: Array, *, reduction: str = "mean", **options: Any) -> tuple[Array]:
    """dx is −q/p, the gradient of the probabilities: the Jacobian of softmax is missing"""
    q, total = _mixture(x, **options)
    dl = spread("cross_entropy", dy, (x.shape[0], *x.shape[2:]), reduction, total)
    return (np.where(q == 0, x.dtype.type(0), -q / softmax.forward(x, dim=1) * dl[:, None]),)


def smoothing_left_out(dy: Array, x: Array, *, target: Array, **options: Any) -> tuple[Array]:
    """dx ignores label_smoothing"""
    return cross_entropy.backward(dy, x, target=target, **(options | {"label_smoothing": 0.0}))


def mean_over_the_count(
    x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100, reduction: str = "mean",
    **options: Any,
) -> Array:  # fmt: skip
    """the weighted mean is divided by the number of labels, not by the sum of their weights"""
    options |= {"target": target, "weight": weight, "ignore_index": ignore_index}
    if target.dtype.kind == "f" or weight is None or reduction != "mean":
        return cross_entropy.forward(x, reduction=reduction, **options)
    y: Array = cross_entropy.forward(x, reduction="sum", **options) / x.dtype.type((target != ignore_index).sum())
    return y


def probabilities_not_weighted(x: Array, *, target: Array, weight: Array | None = None, **options: Any) -> Array:
    """class weights are applied only to labels, not to a target of probabilities"""
    weight = None if target.dtype.kind == "f" else weight
    return cross_entropy.forward(x, target=target, weight=weight, **options)


def _loss(z: Array, *, reduction: str = "mean", **options: Any) -> Array:
    """The loss for other log-probabilities z than log_softmax's."""
    q, total = _mixture(z, **options)
    return reduce("cross_entropy", -np.where(q == 0, z.dtype.type(0), q * z).sum(1), reduction, total)


def _mixture(
    x: Array, *, target: Array, weight: Array | None = None, ignore_index: int = -100, label_smoothing: float = 0.0
) -> tuple[Array, Array | int]:
    return cross_entropy._mixture(x, target, weight, ignore_index, label_smoothing)
