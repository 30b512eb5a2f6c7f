"""Wrong derivations of the running statistics of batch_norm and instance_norm."""

from importlib import import_module
from math import prod
from typing import Any

from cnn_oracle.manual._normalise import moments
from cnn_oracle.manual._typing import Array


def running_variance_biased(
    op: str, x: Array, running_mean: Array, running_var: Array, **options: Any
) -> tuple[Array, Array]:
    """running_var takes in the biased variance, divisor M; M − 1 is right"""
    mean, right = import_module(f"cnn_oracle.manual.{op}").running_statistics(x, running_mean, running_var, **options)
    axes = tuple(i for i in range(x.ndim) if i > 1 or (i == 0 and op == "batch_norm"))
    if not x.size:
        return mean, right
    m, tau = prod(x.shape[axis] for axis in axes), _tau(**options)
    _, v = moments(x, axes)
    v = v if op == "batch_norm" else v.mean(0)
    return mean, (1 - tau) * running_var + tau * v * x.dtype.type((m - 1) / m)


def momentum_exchanged(
    op: str, x: Array, running_mean: Array, running_var: Array, **options: Any
) -> tuple[Array, Array]:
    """momentum is the weight of the old statistics, as in TensorFlow; it must be the weight of the new ones"""
    right = import_module(f"cnn_oracle.manual.{op}").running_statistics
    updated: tuple[Array, Array] = right(x, running_mean, running_var, momentum=1 - _tau(**options))
    return updated


def not_updated(op: str, x: Array, running_mean: Array, running_var: Array, **_: Any) -> tuple[Array, Array]:
    """the running statistics are not updated"""
    return running_mean.copy(), running_var.copy()


def _tau(*, momentum: float | None = 0.1, num_batches_tracked: int = 0) -> float:
    """The weight of the new statistics."""
    return 1 / (num_batches_tracked + 1) if momentum is None else momentum
