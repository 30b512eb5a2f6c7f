import torch.nn.functional as F
from torch import Tensor

from ._typing import Ints


def forward(
    x: Tensor, *, norm_type: float, kernel_size: Ints, stride: Ints | None = None, ceil_mode: bool = False
) -> Tensor:
    y: Tensor = F.lp_pool2d(x, norm_type, kernel_size, stride, ceil_mode)  # type: ignore[arg-type]
    return y
