import torch.nn.functional as F
from torch import Tensor

from ._typing import Ints


def forward(
    x: Tensor, *, output_size: Ints, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
) -> Tensor:
    return F.fold(x, output_size, kernel_size, dilation, padding, stride)
