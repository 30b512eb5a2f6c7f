import torch.nn.functional as F
from torch import Tensor

from ._typing import Ints


def forward(x: Tensor, *, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Tensor:
    return F.unfold(x, kernel_size, dilation, padding, stride)
