import torch
import torch.nn.functional as F
from torch import Tensor

from .._typing import Ints


def layer_backward(
    da: Tensor, a_prev: Tensor, w: Tensor, b: Tensor, *, stride: Ints = 1, padding: Ints = 0
) -> tuple[Tensor, ...]:
    """dA_prev, dW, db of relu(conv2d), by autograd."""
    a, w, b = (t.clone().requires_grad_() for t in (a_prev, w, b))
    return torch.autograd.grad(F.relu(F.conv2d(a, w, b, stride, padding)), (a, w, b), da)


def gradients(
    dy: Tensor, x: Tensor, w: Tensor, *, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1
) -> tuple[Tensor, ...]:
    """dx, dw, db of conv2d, by autograd."""
    x, w, b = (t.clone().requires_grad_() for t in (x, w, w.new_zeros(w.shape[0])))
    return torch.autograd.grad(F.conv2d(x, w, b, stride, padding, dilation), (x, w, b), dy)


def transposed(
    dy: Tensor, x_shape: tuple[int, ...], w: Tensor, *,
    stride: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int],
) -> Tensor:  # fmt: skip
    """dx as a transposed convolution of dy; its output_padding is the number of rows that no window reads."""
    axes = zip(x_shape[2:], w.shape[2:], stride, padding, dilation, strict=True)
    unread = [(n + 2 * p - d * (k - 1) - 1) % t for n, k, t, p, d in axes]
    # PyTorch requires output_padding below stride or dilation; a remainder of stride always is
    return F.conv_transpose2d(dy, w, None, stride, padding, unread, dilation=dilation)
