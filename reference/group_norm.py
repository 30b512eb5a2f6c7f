import torch
import torch.nn.functional as F
from torch import Tensor


def forward(
    x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, *, num_groups: int, eps: float = 1e-5
) -> Tensor:
    """torch 2.13.0 fails to differentiate by a bias without a weight, so it gets a weight of ones."""
    if weight is None and bias is not None:
        weight = torch.ones_like(bias)
    return F.group_norm(x, num_groups, weight, bias, eps)


def public(
    x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, *, num_groups: int, eps: float = 1e-5
) -> Tensor:
    """The function as it is."""
    return F.group_norm(x, num_groups, weight, bias, eps)
