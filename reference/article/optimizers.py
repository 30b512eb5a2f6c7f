from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer, RMSprop


def _path(optimizer: Optimizer, gradients: Sequence[float]) -> Tensor:
    """The values, after each step, of a weight that starts at 0."""
    (w,), path = optimizer.param_groups[0]["params"], []
    for g in gradients:
        w.grad = torch.full_like(w, g)
        optimizer.step()
        path.append(w.item())
    return torch.tensor(path, dtype=torch.float64)


def _weight() -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.zeros((), dtype=torch.float64))]


def gradient_descent(gradients: Sequence[float], lr: float) -> Tensor:
    return _path(SGD(_weight(), lr), gradients)


def momentum(gradients: Sequence[float], *, lr: float, beta: float) -> Tensor:
    """SGD with momentum β and dampening β."""
    return _path(SGD(_weight(), lr, momentum=beta, dampening=beta), gradients)


def rmsprop(gradients: Sequence[float], *, lr: float, beta: float, eps: float) -> Tensor:
    return _path(RMSprop(_weight(), lr, alpha=beta, eps=eps), gradients)


def adam(gradients: Sequence[float], *, lr: float, betas: tuple[float, float], eps: float) -> Tensor:
    return _path(Adam(_weight(), lr, betas, eps), gradients)
