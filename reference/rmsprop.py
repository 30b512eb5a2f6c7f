from torch import Tensor
from torch.optim import RMSprop

from . import _steps


def step(
    w: Tensor, dw: Tensor, state: RMSprop | None = None, *,
    lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0.0,
    momentum: float = 0.0, centered: bool = False, maximize: bool = False,
) -> tuple[Tensor, RMSprop]:  # fmt: skip
    return _steps.step(
        RMSprop, w, dw, state, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay,
        momentum=momentum, centered=centered, maximize=maximize,
    )  # fmt: skip
