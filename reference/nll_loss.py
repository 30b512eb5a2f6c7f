import torch.nn.functional as F
from torch import Tensor


def forward(
    x: Tensor, *, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    return F.nll_loss(x, target, weight, ignore_index=ignore_index, reduction=reduction)
