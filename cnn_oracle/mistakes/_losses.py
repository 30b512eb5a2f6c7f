"""Wrong derivations of the reduction of a loss and of its gradient."""

from importlib import import_module
from typing import Any

import numpy as np

from cnn_oracle.manual._typing import Array


def sum_for_mean(op: str, *arrays: Array, **options: Any) -> Array:
    """the mean is not divided by N: the loss is the sum"""
    return _forward(op, arrays, _reduced(options, "mean", "sum"))


def mean_for_sum(op: str, *arrays: Array, **options: Any) -> Array:
    """reduction "sum" gives the mean"""
    return _forward(op, arrays, _reduced(options, "sum", "mean"))


def mean_not_divided(op: str, dy: Array, *arrays: Array, **options: Any) -> tuple[Array, ...]:
    """the gradients are not divided by N, although the loss is a mean"""
    return _backward(op, dy, arrays, _reduced(options, "mean", "sum"))


def sum_divided(op: str, dy: Array, *arrays: Array, **options: Any) -> tuple[Array, ...]:
    """the gradients are divided by N, although the loss is a sum"""
    return _backward(op, dy, arrays, _reduced(options, "sum", "mean"))


def dy_left_out(op: str, dy: Array, *arrays: Array, **options: Any) -> tuple[Array, ...]:
    """dy is ignored: the gradients are those for dy = 1"""
    return _backward(op, np.ones_like(dy), arrays, options)


def _reduced(options: dict[str, Any], given: str, wrong: str) -> dict[str, Any]:
    """The options with the reduction ``wrong`` for the reduction ``given``."""
    reduction = options.get("reduction", "mean")
    return options | {"reduction": wrong if reduction == given else reduction}


def _forward(op: str, arrays: tuple[Array, ...], options: dict[str, Any]) -> Array:
    y: Array = import_module(f"cnn_oracle.manual.{op}").forward(*arrays, **options)
    return y


def _backward(op: str, dy: Array, arrays: tuple[Array, ...], options: dict[str, Any]) -> tuple[Array, ...]:
    gradients: tuple[Array, ...] = import_module(f"cnn_oracle.manual.{op}").backward(dy, *arrays, **options)
    return gradients
