import torch.nn.functional as F
from torch import Tensor

from ._typing import Ints


def forward(
    x: Tensor, *, size: Ints | None = None, scale_factor: float | tuple[float, ...] | None = None,
    mode: str = "nearest", align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
) -> Tensor:  # fmt: skip
    return F.interpolate(x, size, scale_factor, mode, align_corners, recompute_scale_factor)
