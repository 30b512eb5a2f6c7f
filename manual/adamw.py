"""Adam with decoupled weight decay, as in torch.optim.AdamW.   Loshchilov & Hutter 2019, arXiv 1711.05101.

w = (1 − η λ) w                                           λ weight_decay, η lr: the decay does not enter the moments
w = the step of adam with λ = 0
"""

from . import adam
from ._floats import ieee
from ._steps import check
from ._typing import Array
from .adam import State


@ieee
def step(
    w: Array, dw: Array, state: State | None = None, *,
    lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 1e-2,
    amsgrad: bool = False, maximize: bool = False,
) -> tuple[Array, State]:  # fmt: skip
    """w and its gradient dw, of the same shape → the next w and state. The first state is None.

    Raises:
        ValueError: torch.optim.AdamW rejects the hyper-parameters, or dw does not have w's shape and dtype.
    """
    check("adamw", w, dw, betas=betas, lr=lr, eps=eps, weight_decay=weight_decay)
    decayed = (1 - lr * weight_decay) * w
    return adam.step(decayed, dw, state, lr=lr, betas=betas, eps=eps, amsgrad=amsgrad, maximize=maximize)
