import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .._typing import Ints


def toeplitz(w: Tensor, x_shape: tuple[int, ...], *, stride: Ints = 1, padding: Ints = 0, dilation: Ints = 1) -> Tensor:
    """The Jacobian of conv2d with respect to its input, (O·P·Q, C·H·W), by autograd."""
    jacobian = torch.func.jacrev(lambda x: F.conv2d(x, w, None, stride, padding, dilation).flatten())
    return jacobian(torch.zeros(x_shape, dtype=w.dtype)).flatten(1)  # type: ignore[no-any-return]


def affected(x_shape: tuple[int, ...], w_shape: tuple[int, ...], *, stride: Ints = 1, padding: Ints = 0) -> Tensor:
    """Where the Jacobian of conv2d with respect to its weights is not 0 on an image of ones, (weights, outputs)."""
    x = torch.ones(x_shape, dtype=torch.float64)
    jacobian = torch.func.jacrev(lambda w: F.conv2d(x, w, None, stride, padding).flatten())
    reached: Tensor = jacobian(torch.zeros(w_shape, dtype=torch.float64)).flatten(1).T != 0
    return reached


def parameters(f: int, n_c: int, n_f: int) -> int:
    return sum(parameter.numel() for parameter in nn.Conv2d(n_c, n_f, f, device="meta").parameters())


def dense_parameters(inputs: int, outputs: int) -> int:
    return sum(parameter.numel() for parameter in nn.Linear(inputs, outputs, device="meta").parameters())
