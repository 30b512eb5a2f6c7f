import torch.nn.functional as F
from torch import Tensor

from ._typing import Ints


def forward(
    x: Tensor, w: Tensor, b: Tensor | None = None, *,
    stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    return F.conv1d(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)
