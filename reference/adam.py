from torch import Tensor
from torch.optim import Adam

from . import _steps


def step(
    w: Tensor, dw: Tensor, state: Adam | None = None, *,
    lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.0,
    amsgrad: bool = False, maximize: bool = False,
) -> tuple[Tensor, Adam]:  # fmt: skip
    return _steps.step(
        Adam, w, dw, state, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
        amsgrad=amsgrad, maximize=maximize,
    )  # fmt: skip
