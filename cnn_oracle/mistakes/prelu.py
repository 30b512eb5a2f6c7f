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
