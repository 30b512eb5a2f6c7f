"""Wrong derivations that convolution and transposed convolution share, over any number of axes."""

from importlib import import_module
from typing import Any

import numpy as np

from cnn_oracle.manual._correlation import along_channels, merge, split
from cnn_oracle.manual._typing import Array
from cnn_oracle.mistakes._windows import Gradients, rotated


def groups_interleaved(op: str, x: Array, w: Array, b: Array | None = None, **options: Any) -> Array:
    """the output channels of the groups are interleaved; the channels of a group must be contiguous"""
    y = split(import_module(f"cnn_oracle.manual.{op}").forward(x, w, None, **options), 1, options.get("groups", 1))
    y = merge(y.swapaxes(1, 2), 1)
    return y if b is None else y + along_channels(b, y)


def weight_gradient_rotated(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """dw is rotated by 180°: x and dy are exchanged in it, or the forward is a true convolution"""
    dx, dw, db = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, w, b, **options)
    return dx, rotated(dw).copy(), db


def averaged_over_the_batch(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """dw and db are divided by the batch size N; that 1/N belongs to the loss"""
    dx, dw, db = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, w, b, **options)
    n = x.dtype.type(max(len(x), 1))
    return dx, dw / n, None if db is None else db / n


def averaged_over_batch_and_positions(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """dw and db are averaged over the batch and all positions of y; they must be summed"""
    dx, dw, db = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, w, b, **options)
    n = x.dtype.type(max(dy.size // max(dy.shape[1], 1), 1))
    return dx, dw / n, None if db is None else db / n


def bias_gradient_averaged(op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """db is the mean of dy over the batch and all positions; it must be the sum"""
    dx, dw, db = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, w, b, **options)
    return dx, dw, None if db is None else db / x.dtype.type(max(dy.size // len(db), 1))


def bias_gradient_averaged_over_the_batch(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """db, but not dw, is divided by the batch size N; that 1/N belongs to the loss"""
    dx, dw, db = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, w, b, **options)
    return dx, dw, None if db is None else db / x.dtype.type(max(len(x), 1))


def bias_gradient_over_the_wrong_axes(
    op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any
) -> Gradients:
    """db reshapes dy (N, O, …) to (O, −1) and sums the rows, which mixes samples and channels"""
    dx, dw, db = import_module(f"cnn_oracle.manual.{op}").backward(dy, x, w, b, **options)
    return dx, dw, None if db is None else dy.reshape(dy.shape[1], -1).sum(1)


def zero_gradients(op: str, dy: Array, x: Array, w: Array, b: Array | None = None, **options: Any) -> Gradients:
    """every gradient is zero"""
    return np.zeros_like(x), np.zeros_like(w), None if b is None else np.zeros_like(b)
