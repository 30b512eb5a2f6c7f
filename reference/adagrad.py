from torch import Tensor
from torch.optim import Adagrad

from . import _steps


def step(
    w: Tensor, dw: Tensor, state: Adagrad | None = None, *,
    lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0, eps: float = 1e-10, maximize: bool = False,
) -> tuple[Tensor, Adagrad]:  # fmt: skip
    return _steps.step(
        Adagrad, w, dw, state, lr=lr, lr_decay=lr_decay, weight_decay=weight_decay,
        initial_accumulator_value=initial_accumulator_value, eps=eps, maximize=maximize,
    )  # fmt: skip
