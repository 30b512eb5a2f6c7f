"""Wrong derivations of the mean of elementwise losses: that of the batch alone."""

from importlib import import_module
from typing import Any

from cnn_oracle.manual._typing import Array


def mean_over_the_samples(op: str, x: Array, target: Array, **options: Any) -> Array:
    """the sum is divided by the size of the first axis, not by the number of elements"""
    total = import_module(f"cnn_oracle.manual.{op}").forward(x, target, **_summed(options))
    y: Array = total / x.dtype.type(_samples(x, options))
    return y


def mean_over_the_samples_in_dx(op: str, dy: Array, x: Array, target: Array, **options: Any) -> tuple[Array, Array]:
    """the gradients are divided by the size of the first axis, although the loss is a mean over all elements"""
    dx, dtarget = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, target, **_summed(options))
    n = x.dtype.type(_samples(x, options))
    return dx / n, dtarget / n


def _summed(options: dict[str, Any]) -> dict[str, Any]:
    return options | {"reduction": "sum"} if _is_mean(options) else options


def _samples(x: Array, options: dict[str, Any]) -> int:
    return len(x) if x.ndim and _is_mean(options) else 1


def _is_mean(options: dict[str, Any]) -> bool:
    """Whether the loss is a mean without weights, which some losses divide by in their own way."""
    return options.get("reduction", "mean") == "mean" and options.get("weight") is None
