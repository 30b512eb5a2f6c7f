"""Wrong derivations of log-softmax."""

from cnn_oracle.manual import softmax
from cnn_oracle.manual._typing import Array


def sum_of_dy_left_out(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dx is dy − softmax(x), which is right only where dy sums to 1"""
    return (dy - softmax.forward(x, dim=dim),)


def softmax_of_the_gradient(dy: Array, x: Array, *, dim: int) -> tuple[Array]:
    """dx is softmax's, not log-softmax's"""
    return softmax.backward(dy, x, dim=dim)
