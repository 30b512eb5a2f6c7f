from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def maximum(x: Tensor, f: int, s: int) -> Tensor:
    return F.max_pool2d(x, f, s)


def mean(x: Tensor, f: int, s: int) -> Tensor:
    return F.avg_pool2d(x, f, s)


def total(x: Tensor, f: int, s: int) -> Tensor:
    return F.avg_pool2d(x, f, s, divisor_override=1)


def power(x: Tensor, f: int, s: int, q: float) -> Tensor:
    return F.lp_pool2d(x, q, f, s)


def global_mean(x: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(x, 1)


def global_maximum(x: Tensor) -> Tensor:
    return F.adaptive_max_pool2d(x, 1)


def backward(dy: Tensor, x: Tensor, forward: Callable[[Tensor], Tensor]) -> Tensor:
    """dx, by autograd."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(forward(x), x, dy)[0]
