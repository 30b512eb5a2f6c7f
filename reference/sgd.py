import torch
from torch import Tensor
from torch.optim import SGD


def step(
    w: Tensor, dw: Tensor, state: SGD | None = None, *,
    lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0, weight_decay: float = 0.0,
    nesterov: bool = False, maximize: bool = False,
) -> tuple[Tensor, SGD]:  # fmt: skip
    """One step of torch's own optimiser. The state is the optimiser itself, which holds w after its last step."""
    optimizer = state or SGD(
        [torch.nn.Parameter(w.clone())], lr, momentum, dampening, weight_decay, nesterov, maximize=maximize
    )
    (parameter,) = optimizer.param_groups[0]["params"]
    parameter.grad = dw
    optimizer.step()
    return parameter.detach().clone(), optimizer
