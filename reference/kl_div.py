import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    return F.kl_div(x, target, reduction=reduction, log_target=log_target)
