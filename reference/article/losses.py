import torch.nn.functional as F
from torch import Tensor


def binary_cross_entropy(probability: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy(probability, target)


def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """Each example's loss, (N,), from logits (N, C)."""
    return F.cross_entropy(logits, label, reduction="none")
