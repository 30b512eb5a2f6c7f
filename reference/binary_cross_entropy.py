import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor, target: Tensor, *, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return F.binary_cross_entropy(x, target, weight, reduction=reduction)
