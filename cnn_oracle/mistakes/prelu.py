"""Wrong derivations of the rectified linear unit with a learned slope."""

import numpy as np

from cnn_oracle.manual import prelu
from cnn_oracle.manual._typing import Array


def weight_gradient_above(dy: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """dw sums dy x over x > 0, where y does not depend on w; x ≤ 0 is right"""
    return prelu.backward(dy, x, w)[0], prelu.backward(dy, -x, w)[1] * w.dtype.type(-1)


def weight_gradient_of_the_first_sample(dy: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """dw uses only the first sample; the sum over the batch is missing"""
    first = slice(None, 1) if x.ndim else ...
    return prelu.backward(dy, x, w)[0], prelu.backward(dy[first], x[first], w)[1]


def one_at_the_kink(dy: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """the derivative at 0 is 1; PyTorch's convention is the slope"""
    dx, dw = prelu.backward(dy, x, w)
    return np.where(x == 0, dy, dx), dw


def weight_gradient_averaged(dy: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """dw is averaged over the elements with the same slope; it must be summed"""
    dx, dw = prelu.backward(dy, x, w)
    return dx, dw / w.dtype.type(max(x.size // max(w.size, 1), 1))


def weight_gradient_averaged_over_the_batch(dy: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """dw is divided by the batch size N; that 1/N belongs to the loss"""
    dx, dw = prelu.backward(dy, x, w)
    return dx, dw / w.dtype.type(max(len(x), 1) if x.ndim else 1)


def mean_at_the_kink(dy: Array, x: Array, w: Array) -> tuple[Array, Array]:
    """the derivative at 0 is the mean of both slopes; PyTorch's convention is the slope below"""
    dx, dw = prelu.backward(dy, x, w)
    return np.where(x == 0, (dy + dx) / 2, dx), dw
