"""Arithmetic that several mistakes share. This file has no mistakes itself."""

from ml_dtypes import bfloat16 as bf16

from cnn_oracle.manual._typing import Array


def bfloat16(a: Array) -> Array:
    """Round to bfloat16 and back."""
    rounded: Array = a.astype(bf16).astype(a.dtype)
    return rounded


def mean(a: Array, axes: tuple[int, ...]) -> Array:
    """The mean over some axes, which keep size 1; 0 if they are empty, without a warning."""
    total = a.sum(axes, keepdims=True)
    m: Array = total / a.dtype.type(max(a.size // max(total.size, 1), 1))
    return m


def variance(a: Array, axes: tuple[int, ...]) -> Array:
    """The biased variance over some axes, which keep size 1."""
    return mean((a - mean(a, axes)) ** 2, axes)
