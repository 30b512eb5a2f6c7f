import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor, *, negative_slope: float = 0.01) -> Tensor:
    return F.leaky_relu(x, negative_slope)
