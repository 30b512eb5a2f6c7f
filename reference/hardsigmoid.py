import torch.nn.functional as F
from torch import Tensor


def forward(x: Tensor) -> Tensor:
    """Its definition: the backward of F.hardsigmoid multiplies by the float32 nearest to 1/6, in float64 too."""
    return F.relu6(x + 3) / 6
