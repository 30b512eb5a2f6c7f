"""Steps of torch's own optimisers, one gradient at a time."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.optim import Optimizer

T = TypeVar("T", bound=Optimizer)


def step(optimizer: Callable[..., T], w: Tensor, dw: Tensor, state: T | None, **options: Any) -> tuple[Tensor, T]:
    """One step. The state is the optimiser itself, which holds w after its last step."""
    state = state or optimizer([torch.nn.Parameter(w.clone())], **options)
    (parameter,) = state.param_groups[0]["params"]
    parameter.grad = dw
    state.step()
    return parameter.detach().clone(), state
