"""Stochastic gradient descent, as in torch.optim.SGD.   Formulas E15, S4, S5.

g = dw + λ w                                              λ weight_decay: the gradient of λ/2 Σ w²
m = g at the first step, then μ m + (1 − τ) g             μ momentum, τ dampening
d = m, or g + μ m with nesterov, or g if μ = 0
w = w − η d                                               η lr
"""

from ._errors import invalid
from ._floats import ieee
from ._steps import check, gradient
from ._typing import Array


@ieee
def step(
    w: Array, dw: Array, state: Array | None = None, *,
    lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0, weight_decay: float = 0.0,
    nesterov: bool = False, maximize: bool = False,
) -> tuple[Array, Array | None]:  # fmt: skip
    """w and its gradient dw, of the same shape → the next w and state, m. The first state is None.

    Raises:
        ValueError: torch.optim.SGD rejects the hyper-parameters, or dw does not have w's shape and dtype.
    """
    check("sgd", w, dw, lr=lr, momentum=momentum, weight_decay=weight_decay)
    if nesterov and (not momentum or dampening):
        raise invalid("sgd", "nesterov needs momentum and no dampening", w=w, momentum=momentum, dampening=dampening)
    g = gradient(w, dw, weight_decay, maximize)
    if not momentum:
        return w - lr * g, None
    m = g if state is None else momentum * state + (1 - dampening) * g
    return w - lr * (g + momentum * m if nesterov else m), m
