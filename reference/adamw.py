from torch import Tensor
from torch.optim import AdamW

from . import _steps


def step(
    w: Tensor, dw: Tensor, state: AdamW | None = None, *,
    lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 1e-2,
    amsgrad: bool = False, maximize: bool = False,
) -> tuple[Tensor, AdamW]:  # fmt: skip
    return _steps.step(
        AdamW, w, dw, state, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay,
        amsgrad=amsgrad, maximize=maximize,
    )  # fmt: skip
