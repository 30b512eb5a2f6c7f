import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    return F.smooth_l1_loss(x, target, reduction=reduction, beta=beta)
