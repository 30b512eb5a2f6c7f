"""Losses of the series.

S3   printed  binary −Σ [y log ŷ + (1−y) log(1−ŷ)]/m, and −Σ_i y_i log ŷ_i, from probabilities clipped away from 0
     general  from logits: log(1+e^z) − y z, and log Σ_i e^(z_i) − z_label; nothing is clipped
"""

import numpy as np

from .._typing import Array

CLIP = 1e-20


def binary_cross_entropy_as_printed(probability: Array, target: Array) -> Array:
    """S3 as printed: probabilities and targets 0 or 1, of one shape → their mean loss, (); ŷ = 0 or 1 gives NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = target * np.log(probability) + (1 - target) * np.log(1 - probability)
    return np.asarray(-loss.mean())


def cross_entropy_as_printed(probability: Array, label: Array, clip: float = CLIP) -> Array:
    """S3 as printed: probabilities (N, C), not below ``clip``, and labels (N,) → each example's loss, (N,)."""
    picked = np.take_along_axis(np.clip(probability, clip, None), label[:, None], 1)[:, 0]
    loss: Array = -np.log(picked)
    return loss


def clipping_holds_when(gap: int = 1) -> bool:
    """S3 holds when no probability is below the clip: a label's logit at most 46 below the other one."""
    return bool(gap <= -np.log(CLIP))
