"""The common beginning of every optimiser's step: checks, and the gradient with weight decay.

g = ±dw + λ w              − to maximise; λ weight_decay: the gradient of λ/2 Σ w²
"""

from ._errors import invalid
from ._typing import Array


def gradient(w: Array, dw: Array, weight_decay: float, maximize: bool) -> Array:
    g = -dw if maximize else dw
    return g + weight_decay * w if weight_decay else g  # 0 · ∞ would be NaN


def check(op: str, w: Array, dw: Array, *, betas: tuple[float, ...] | None = None, **at_least_zero: float) -> None:
    """Check as torch.optim does.

    Raises:
        ValueError: dw does not fit w, a beta is not in 0 ≤ β < 1, or another hyper-parameter is below 0.
    """
    if dw.shape != w.shape or dw.dtype != w.dtype:
        raise invalid(op, "dw must have w's shape and dtype", w=w, dw=dw)
    if betas is not None and (len(betas) != 2 or not all(isinstance(beta, float) and 0 <= beta < 1 for beta in betas)):
        raise invalid(op, "betas must be two floats, 0 ≤ β < 1", w=w, betas=betas)
    if not all(value >= 0 for value in at_least_zero.values()):
        raise invalid(op, f"{', '.join(at_least_zero)} must be ≥ 0", w=w, **at_least_zero)
