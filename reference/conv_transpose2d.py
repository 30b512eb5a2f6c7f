import torch.nn.functional as F
from torch import Tensor

from ._typing import Ints


def forward(
    x: Tensor, w: Tensor, b: Tensor | None = None, *,
    stride: Ints = 1, padding: Ints = 0, output_padding: Ints = 0, groups: int = 1, dilation: Ints = 1,
) -> Tensor:  # fmt: skip
    return F.conv_transpose2d(x, w, b, stride, padding, output_padding, groups, dilation)
