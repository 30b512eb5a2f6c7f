import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor) -> Tensor:
    """Its definition, because F.hardsigmoid's backward multiplies by the float32 nearest to 1/6, also in float64."""
    return F.relu6(x + 3) / 6
