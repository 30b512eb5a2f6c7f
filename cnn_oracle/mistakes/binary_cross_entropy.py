"""Wrong derivations of the binary cross-entropy."""

from typing import Any

import numpy as np

from cnn_oracle.manual import binary_cross_entropy
from cnn_oracle.manual._reduction import reduce, spread
from cnn_oracle.manual._typing import Array


def eps_in_the_logarithm(x: Array, target: Array, *, epsilon: float = 1e-8, **options: Any) -> Array:
    """the loss takes log(x + eps) and log(1 − x + eps), which are wrong by about eps/x everywhere"""
    eps = x.dtype.type(epsilon)
    return _loss(np.log(x + eps), np.log(1 - x + eps), target, **options)


def probabilities_clipped(x: Array, target: Array, *, epsilon: float = 1e-8, **options: Any) -> Array:
    """x is clipped to eps … 1 − eps; PyTorch clips the logarithms, at −100"""
    inside = np.clip(x, epsilon, 1 - epsilon).astype(x.dtype)
    return binary_cross_entropy.forward(inside, target, **options)


def logarithms_not_clipped(x: Array, target: Array, **options: Any) -> Array:
    """the logarithms are infinite at x = 0 and 1, so the loss is ∞ or NaN there; PyTorch clips them at −100"""
    return _loss(np.log(x), np.log1p(-x), target, **options)


def logarithm_of_a_difference(x: Array, target: Array, **options: Any) -> Array:
    """the loss takes log(1 − x), which loses the digits of small x; log1p(−x) keeps them"""
    return _loss(np.maximum(np.log(x), -100), np.maximum(np.log(1 - x), -100), target, **options)


def eps_in_the_denominators(
    dy: Array, x: Array, target: Array, *, epsilon: float = 1e-8, **options: Any
) -> tuple[Array, Array]:
    """dx is −t/(x + eps) + (1 − t)/(1 − x + eps)"""
    eps = x.dtype.type(epsilon)
    dx = _per_loss(dy, x, **options) * ((1 - target) / (1 - x + eps) - target / (x + eps))
    return dx, binary_cross_entropy.backward(dy, x, target, **options)[1]


def eps_in_the_denominator(
    dy: Array, x: Array, target: Array, *, epsilon: float = 1e-8, **options: Any
) -> tuple[Array, Array]:
    """dx is (x − t)/(x (1 − x) + eps); x (1 − x) must not change"""
    dx = _per_loss(dy, x, **options) * (x - target) / (x * (1 - x) + x.dtype.type(epsilon))
    return dx, binary_cross_entropy.backward(dy, x, target, **options)[1]


def probabilities_clipped_in_dx(
    dy: Array, x: Array, target: Array, *, epsilon: float = 1e-8, **options: Any
) -> tuple[Array, Array]:
    """dx is computed from x clipped to eps … 1 − eps; PyTorch's x (1 − x) is at least 1e−12"""
    inside = np.clip(x, epsilon, 1 - epsilon).astype(x.dtype)
    dx, _ = binary_cross_entropy.backward(dy, inside, target, **options)
    return dx, binary_cross_entropy.backward(dy, x, target, **options)[1]


def denominator_not_clipped(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dx is infinite or NaN at x = 0 and 1; PyTorch's x (1 − x) is at least 1e−12"""
    dx = _per_loss(dy, x, **options) * (x - target) / (x * (1 - x))
    return dx, binary_cross_entropy.backward(dy, x, target, **options)[1]


def gradient_of_the_logit(dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """dx is x − t, the gradient of the logit: the division by x (1 − x) is missing"""
    dx, dtarget = binary_cross_entropy.backward(dy, x, target, **options)
    return dx * x * (1 - x), dtarget


def of_yes_alone(x: Array, target: Array, **options: Any) -> Array:
    """the loss is −t log x: the term −(1 − t) log(1 − x) is missing"""
    no = binary_cross_entropy.forward(x, target * 0, **(options | {"weight": _times(x, 1 - target, options)}))
    return binary_cross_entropy.forward(x, target, **options) - no


def _times(x: Array, factor: Array, options: dict[str, Any]) -> Array:
    weight = options.get("weight")
    return factor if weight is None else np.broadcast_to(weight, x.shape) * factor


def _loss(yes: Array, no: Array, target: Array, *, weight: Array | None = None, reduction: str = "mean") -> Array:
    """The loss with these logarithms of x and 1 − x."""
    loss = (target - 1) * no - target * yes
    return reduce("binary_cross_entropy", loss if weight is None else weight * loss, reduction, loss.size)


def _per_loss(dy: Array, x: Array, *, weight: Array | None = None, reduction: str = "mean") -> Array:
    """v dℓ."""
    dl = spread("binary_cross_entropy", dy, x.shape, reduction, x.size)
    return dl if weight is None else weight * dl
