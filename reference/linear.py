import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor, w: Tensor, b: Tensor | None = None) -> Tensor:
    return F.linear(x, w, b)
