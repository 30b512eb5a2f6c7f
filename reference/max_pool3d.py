import torch.nn.functional as F
from torch import Tensor

from ._typing import Ints


def forward(
    x: Tensor, *,
    kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0, dilation: Ints = 1, ceil_mode: bool = False,
) -> Tensor:  # fmt: skip
    y: Tensor = F.max_pool3d(x, kernel_size, stride, padding, dilation, ceil_mode)
    return y
